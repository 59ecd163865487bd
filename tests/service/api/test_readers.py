"""What is known of readers over HTTP, and how it changes their next page."""

import pytest

FAN = "/v1/readers/fan"


def test_own_words_count_before_the_publishers_and_can_be_removed(client):
    path = "/v1/readers/asker/profile"
    assert client.get(path).json() == {"text": "space rocket", "whose": "publisher"}
    assert client.put(path, json={"text": " ocean \n lab "}).json() == {"text": "ocean lab", "whose": "reader"}
    assert client.get(path).json()["whose"] == "reader"
    assert client.delete(path).status_code == 204
    assert client.get(path).json()["text"] == "space rocket"
    assert client.get("/v1/readers/unknown/profile").json() == {"text": "", "whose": ""}


def test_mutes_are_replaced_as_a_whole_and_hold_for_the_next_page(client):
    path = "/v1/readers/nobody/mutes"
    client.get("/v1/readers/nobody/page")
    muted = {"categories": ["sports", "politics"], "sources": []}
    assert client.put(path, json=muted).json() == muted | {"categories": ["politics", "sports"]}
    stories = client.get("/v1/readers/nobody/page").json()["stories"]
    assert {story["category"] for story in stories} == {"science"}
    client.post("/v1/events", json=mute_event("science"))
    assert "science" in client.get(path).json()["categories"]
    assert client.put(path, json={"categories": ["sports"]}).json() == {"categories": ["sports"], "sources": []}
    assert client.put(path, json={}).json() == {"categories": [], "sources": []}


def mute_event(name, kind="mute", user_id="nobody"):
    event = {"event_id": f"{kind}-{name}", "kind": kind, "user_id": user_id, "time": "2024-05-03T10:00:00Z"}
    return event | {"field": "category", "value": name}


def test_follows_are_replaced_as_a_whole_whether_clicked_or_set(client):
    path = "/v1/readers/voter/follows"
    client.post("/v1/events", json=mute_event("science", "follow", "voter"))
    science, sports = ({"field": "category", "name": name} for name in ("science", "sports"))
    assert client.get(path).json() == {"follows": [science]}
    assert client.put(path, json={"follows": [sports]}).json() == {"follows": [sports]}
    assert client.put(path, json={"follows": [sports, science]}).json() == {"follows": [sports, science]}
    assert client.get(path).json() == {"follows": [sports, science]}
    assert client.put(path, json={}).json() == {"follows": []}
    assert client.get("/v1/readers/voter/page").json()["user_id"] == "voter"


def test_the_history_comes_newest_first_with_titles_where_the_edition_has_them(client):
    found = client.get("/v1/readers/voter/history", params={"k": 3}).json()
    assert [read["news_id"] for read in found["history"]] == ["GONE", "N7", "N4"]
    assert found["history"][0]["title"] is None
    assert found["history"][1]["category"] == "politics"
    rest = client.get("/v1/readers/voter/history", params={"cursor": found["next"]}).json()
    assert [read["news_id"] for read in rest["history"]] == ["N1"]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("profile", {"text": ""}),
        ("profile", {"text": "x" * 501}),
        ("profile", {"text": "a\u0000b"}),
        ("mutes", {"categories": [""]}),
        ("mutes", {"categories": ["a\u0007"]}),
        ("mutes", {"other": []}),
        ("follows", {"follows": [{"field": "author", "name": "x"}]}),
        ("follows", {"follows": [{"field": "category", "name": " "}]}),
    ],
)
def test_wrong_changes_are_problems_422_and_change_nothing(client, path, body):
    before = client.get(f"{FAN}/{path}").json()
    assert client.put(f"{FAN}/{path}", json=body).status_code == 422
    assert client.get(f"{FAN}/{path}").json() == before

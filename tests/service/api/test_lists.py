"""Lists of articles over HTTP, their cursors, and single articles with their stories."""

import pytest

from broadsheet.service.serving.cursors import LONGEST, part_of

LATEST = "/v1/articles/latest"


def ids(answer):
    return [article["news_id"] for article in answer["articles"]]


def walked(client, path, **query):
    """The ids of all parts of a list."""
    found, cursor = [], None
    while True:
        answer = client.get(path, params=query | ({"cursor": cursor} if cursor else {})).json()
        found += ids(answer)
        cursor = answer["next"]
        if cursor is None:
            return found


def test_the_latest_articles_can_be_walked_to_the_end_without_one_twice(client):
    found = walked(client, LATEST, k=25)
    assert found == [f"N{number}" for number in range(59, -1, -1)]
    assert walked(client, LATEST, k=7, section="sports") == [f"N{number}" for number in range(57, -1, -3)]


def test_sections_and_their_articles(client):
    names = [section["name"] for section in client.get("/v1/sections").json()["sections"]]
    assert names == ["politics", "science", "sports"]
    assert walked(client, "/v1/sections/science", k=9) == [f"N{number}" for number in range(59, 0, -3)]
    assert client.get("/v1/sections/no such section").status_code == 404


def test_trending_articles_come_with_what_their_acts_are_worth(client):
    for number in range(3):
        event = {"event_id": f"c{number}", "kind": "click", "user_id": f"r{number}", "time": "2024-05-03T11:00:00Z"}
        client.post("/v1/events", json=event | {"news_id": "N50", "region": "north"})
    client.post("/v1/events", json=event | {"event_id": "c9", "news_id": "N51"})
    asked = (client.get("/v1/articles/trending").json() for _ in range(1000))  # a busy machine reads events less often
    answer = next(answer for answer in asked if ids(answer) == ["N50", "N51"])
    assert answer["articles"][0]["score"] > answer["articles"][1]["score"] > 0
    assert ids(client.get("/v1/articles/trending", params={"region": "north"}).json()) == ["N50"]
    assert ids(client.get("/v1/articles/trending", params={"section": "sports"}).json()) == ["N51"]


def test_a_list_that_did_not_change_is_not_sent_again(client):
    etag = client.get(LATEST).headers["etag"]
    assert client.get(LATEST, headers={"If-None-Match": f'"other", W/{etag}'}).status_code == 304
    assert client.get(LATEST, params={"k": 3}, headers={"If-None-Match": etag}).status_code == 200


def test_a_cursor_of_another_list_or_a_forged_one_is_a_problem(client):
    cursor = client.get(LATEST).json()["next"]
    assert client.get(LATEST, params={"cursor": cursor, "section": "sports"}).status_code == 422
    for forged in (cursor[:-1], "A" + cursor[1:], "%", "é", "x" * 1501):
        assert client.get(LATEST, params={"cursor": forged}).status_code == 422


def test_a_cursor_of_the_longest_ids_is_accepted():
    reader, articles = "\U0001f5de" * 256, ["\U0001f5de" * 255 + end for end in "ab"]
    listed = f"history {reader}", "2026-12-01T03-30-30.022737Z"
    _, after = part_of(articles, 1, *listed, None)
    assert after and len(after) <= LONGEST
    assert part_of(articles, 1, *listed, after) == (slice(1, 2), None)


def test_a_cursor_whose_edition_or_article_is_gone_is_a_problem_410(client):
    from broadsheet.service.serving.cursors import _written

    edition = client.get(LATEST).json()["edition"]
    for of_edition, after in (("another", "N5"), (edition, "N999")):
        answer = client.get(LATEST, params={"cursor": _written("latest ", of_edition, after)})
        assert answer.status_code == 410
        assert "Begin without" in answer.json()["detail"]


def test_similar_articles_are_ordered_and_the_article_is_not_among_them(client):
    answer = client.get("/v1/articles/N0/similar", params={"k": 3}).json()
    scores = [article["score"] for article in answer["articles"]]
    assert scores == sorted(scores, reverse=True)
    assert "N0" not in walked(client, "/v1/articles/N0/similar")


def test_an_article_has_its_text_and_a_story_its_timeline(client):
    article = client.get("/v1/articles/N7").json()
    assert article["body"]
    assert article["published_at"] == "2024-05-01T07:00:00Z"
    story = client.get("/v1/articles/N7/story").json()
    times = [one["published_at"] for one in story["timeline"]]
    assert "N7" in [one["news_id"] for one in story["timeline"]]
    assert times == sorted(times)
    assert story["headline"]


@pytest.mark.parametrize("path", ["", "/similar", "/story"])
def test_an_unknown_article_is_a_problem_404(client, path):
    answer = client.get(f"/v1/articles/N999{path}")
    assert answer.status_code == 404
    assert answer.json()["title"] == "Not Found"


def test_why_says_rank_signals_and_what_would_move_the_article(client):
    page = client.get("/v1/readers/voter/page", params={"k": 3, "log": False}).json()
    first = page["stories"][0]
    path = f"/v1/readers/voter/page/{first['news_id']}/why"
    found = client.get(path, params={"k": 3}).json()
    assert (found["rank"], found["on_page"], found["reason"]) == (1, True, first["reason"])
    client.get("/v1/readers/voter/page", params={"k": 3})  # the page counts as shown from now on
    found = client.get(path, params={"k": 3, "page_id": page["page_id"]}).json()
    assert found["shown"] == {"page_id": page["page_id"], "slot": 1, "policy": "none", "propensity": 1.0}
    changes = {(move["change"], move["value"]): move["rank"] for move in found["moves"]}
    assert changes["hide", first["news_id"]] is None
    assert {"forget read", "forget history", "mute"} <= {change for change, _ in changes}
    assert client.get(path, params={"page_id": "unknown"}).status_code == 404
    assert client.get("/v1/readers/voter/page/N999/why").status_code == 404

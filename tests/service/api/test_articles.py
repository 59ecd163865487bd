"""Articles over HTTP: added, replaced, corrected and withdrawn, for the next request."""

from threading import Thread

import pytest

from broadsheet.pipeline.pipeline import Pipeline
from broadsheet.service.api.articles import _LOCK
from broadsheet.tables.locks import locked

ARTICLE = {
    "title": "Rocket reaches new planet",
    "abstract": "The study of the ocean.",
    "body": "The rocket of the lab says a new space.",
    "category": "science",
    "source": "Paper 9",
    "url": "https://example.org/new",
    "published_at": "2024-05-03T11:30:00+02:00",
}


def test_an_added_article_is_found_by_the_next_request_and_replaced_by_another_text(client):
    first = client.put("/v1/articles/new-1", json=ARTICLE).json()
    assert (first["taken"], first["replaced"]) == (1, 0)
    assert client.get("/v1/articles/new-1").json()["published_at"] == "2024-05-03T09:30:00Z"
    listed = client.get("/v1/sections/science").json()["articles"]
    assert "new-1" in [article["news_id"] for article in listed]
    again = client.put("/v1/articles/new-1", json=ARTICLE | {"title": "Another title"}).json()
    assert (again["taken"], again["replaced"]) == (1, 1)
    assert client.get("/v1/articles/new-1").json()["title"] == "Another title"


def test_a_correction_changes_the_given_fields_alone(client):
    before = client.get("/v1/articles/N6").json()
    assert client.patch("/v1/articles/N6", json={"title": "Corrected title"}).json()["taken"] == 1
    after = client.get("/v1/articles/N6").json()
    assert after == before | {"title": "Corrected title"}
    assert client.patch("/v1/articles/N999", json={"title": "x"}).status_code == 404


def test_a_correction_waits_for_the_change_of_another_process_and_keeps_it(client, service, served):
    before = client.get("/v1/articles/N8").json()
    corrected = Thread(target=client.patch, args=("/v1/articles/N8",), kwargs={"json": {"abstract": "Corrected."}})
    other = Pipeline.open(served.path)
    with locked(service.state.path.with_name(_LOCK)):
        corrected.start()
        other.add(before | {"title": "Of another process"})
    corrected.join()
    after = client.get("/v1/articles/N8").json()
    assert (after["title"], after["abstract"]) == ("Of another process", "Corrected.")


def test_a_withdrawn_article_is_gone_from_pages_and_lists(client):
    client.get("/v1/readers/nobody/page")
    assert client.delete("/v1/articles/N59").json() == {"news_id": "N59", "was_known": True}
    assert client.get("/v1/articles/N59").status_code == 404
    page = client.get("/v1/readers/nobody/page").json()
    assert "N59" not in [story["news_id"] for story in page["stories"]]
    assert "N59" not in [one["news_id"] for one in client.get("/v1/articles/latest").json()["articles"]]
    assert client.delete("/v1/articles/N998").json()["was_known"] is False


def test_of_a_batch_what_can_be_taken_is_taken(client):
    articles = [ARTICLE | {"news_id": "b1"}, {"news_id": "b2"}, ARTICLE | {"news_id": "b1"}]
    report = client.post("/v1/articles/batch", json={"articles": articles}).json()
    assert report["taken"] == 1
    assert sum(report["skipped"].values()) == 2
    answer = client.post("/v1/articles/batch", json={"articles": [{"news_id": "b2"}]})
    assert answer.status_code == 422
    assert "/" not in answer.json()["detail"].partition(":")[0]  # no path of the server


@pytest.mark.parametrize(
    "change",
    [
        {"url": "javascript:alert(1)"},
        {"url": "http://" + "x" * 2000},
        {"title": "x" * 1001},
        {"published_at": "yesterday"},
        {"published_at": "0001-01-01T00:00:00Z"},
        {"kept": {"": "x"}},
        {"kept": {"x": 1}},
        {"unknown": "x"},
    ],
)
def test_wrong_fields_are_problems_422_that_name_them(client, change):
    answer = client.put("/v1/articles/new-2", json=ARTICLE | change)
    assert answer.status_code == 422
    assert next(iter(change)) in answer.json()["detail"]


def test_script_in_a_title_is_escaped_on_the_page(client):
    client.put("/v1/articles/evil", json=ARTICLE | {"title": "<script>alert(1)</script> rocket", "source": "<b>"})
    html = client.get("/v1/readers/asker/page", params={"format": "html", "section": "science", "k": 50}).text
    assert "<script>alert(1)" not in html


def test_a_column_that_the_newsroom_does_not_keep_is_named(client):
    report = client.put("/v1/articles/new-3", json=ARTICLE | {"kept": {"image": "https://example.org/1.png"}}).json()
    assert report["left_out"] == ["image"]


def test_an_article_under_embargo_is_nowhere_until_a_correction_ends_the_embargo(client):
    put = client.put("/v1/articles/held", json=ARTICLE | {"embargo_until": "2199-01-01T00:00:00Z"})
    assert put.json()["taken"] == 1 and client.get("/v1/articles/held").status_code == 404
    listed = [client.get(path).json()["articles"] for path in ("/v1/sections/science", "/v1/articles/latest")]
    assert "held" not in [article["news_id"] for articles in listed for article in articles]
    assert client.patch("/v1/articles/held", json={"title": "Held back"}).json()["taken"] == 1
    assert client.get("/v1/articles/held").status_code == 404
    client.patch("/v1/articles/held", json={"embargo_until": None})
    assert client.get("/v1/articles/held").json()["title"] == "Held back"
    client.patch("/v1/articles/held", json={"expires_at": "2020-01-01T00:00:00Z"})
    assert client.get("/v1/articles/held").status_code == 404

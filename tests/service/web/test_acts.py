"""Acts of readers on their pages: what is logged, what is taken back, and what is refused."""

import re

import pytest

from tests.service.web.test_pages import stories

PAGE_ID = re.compile(r'data-page="([^"]+)"')


def acts(service, reader):
    return service.pipeline.events.of_readers([reader.id]).to_pylist()


def test_a_page_that_a_reader_is_shown_is_logged_once(reader, service):
    page_id = PAGE_ID.search(reader.get("/").text)[1]
    reader.get("/")
    (event,) = service.pipeline.events.pages([page_id]).to_pylist()
    assert event["user_id"] == reader.id


@pytest.mark.parametrize("act", ["like", "dislike", "hide", "save"])
def test_an_act_is_logged_with_its_place_and_leads_back(reader, service, act):
    page = reader.get("/").text
    news_id, page_id = stories(page)[2], PAGE_ID.search(page)[1]
    answer = reader.post("/act", "/", act=act, news_id=news_id, page=page_id, back="/section/science")
    assert answer.status_code == 303
    (event,) = acts(service, reader)
    assert (event["kind"], event["news_id"], event["page_id"]) == (act, news_id, page_id)
    assert event["slot"] >= 1
    assert answer.headers["location"] == f"/section/science?done={act}&undo={event['event_id']}"


def test_a_hidden_story_is_gone_and_comes_back_by_undo(reader):
    news_id = stories(reader.get("/").text)[0]
    where = reader.post("/act", "/", act="hide", news_id=news_id).headers["location"]
    page = reader.get(where).text
    assert news_id not in stories(page)
    assert "This story is hidden." in page
    event_id = re.search(r'name="event_id" value="([^"]+)"', page)[1]
    assert reader.post("/undo", "/", event_id=event_id).status_code == 303
    assert news_id in stories(reader.get("/").text)


def test_saved_stories_are_listed_until_they_are_taken_back(reader):
    news_id = stories(reader.get("/").text)[0]
    reader.post("/act", "/", act="save", news_id=news_id)
    page = reader.get("/saved").text
    assert f"/story/{news_id}" in page
    reader.post("/undo", "/saved", event_id=re.search(r'name="event_id" value="([^"]+)"', page)[1])
    assert f"/story/{news_id}" not in reader.get("/saved").text


def test_a_script_is_told_what_to_say(reader):
    news_id, token = stories(reader.get("/").text)[0], re.search('data-token="([^"]+)"', reader.get("/").text)[1]
    headers = {"Accept": "application/json", "X-CSRF-Token": token}
    answer = reader.client.post("/act", data={"act": "hide", "news_id": news_id}, headers=headers)
    assert answer.json()["said"] == "This story is hidden."
    undone = reader.client.post("/undo", data={"event_id": answer.json()["event_id"]}, headers=headers)
    assert undone.json()["said"] == "Taken back."


def test_a_reader_cannot_take_back_what_another_did(app, reader, service):
    from tests.service.web.conftest import Browser

    reader.post("/act", act="save", news_id="N59")
    (event,) = acts(service, reader)
    other = Browser(app).agree()
    assert other.post("/undo", event_id=event["event_id"]).status_code == 422
    assert len(acts(service, reader)) == 1


def test_acts_need_the_token_of_the_page_and_our_own_site(reader, service):
    values = {"act": "hide", "news_id": "N59"}
    assert reader.client.post("/act", data=values).status_code == 403
    token = re.search('data-token="([^"]+)"', reader.get("/").text)[1]
    foreign = {"Origin": "https://evil.example", "X-CSRF-Token": token}
    assert reader.client.post("/act", data=values, headers=foreign).status_code == 403
    assert not acts(service, reader)


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_back_stays_on_our_own_site(reader, back):
    where = reader.post("/act", act="like", news_id="N59", back=back).headers["location"]
    assert where.startswith("/?done=like")


def test_a_click_leads_to_the_articles_own_address_and_is_logged(reader, service):
    page = reader.get("/").text
    news_id = stories(page)[0]
    where = reader.get(re.search(rf'href="(/go/{news_id}\?[^"]+)"', page)[1].replace("&amp;", "&"))
    assert where.headers["location"] == f"https://example.org/{news_id[1:]}"
    (event,) = acts(service, reader)
    assert (event["kind"], event["news_id"], event["slot"]) == ("click", news_id, 1)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Purpose": "prefetch"}])
def test_a_link_on_another_site_or_a_prefetch_is_no_click(reader, service, headers):
    page = reader.get("/").text
    where = f"/go/{stories(page)[0]}?page={PAGE_ID.search(page)[1]}"
    assert reader.get(where, headers=headers).status_code == 302
    assert not acts(service, reader)


def test_a_visitors_click_is_not_logged(visitor, service):
    before = service.pipeline.events.last()
    assert visitor.get("/go/N59?page=any&url=https://evil.example").headers["location"] == "https://example.org/59"
    assert service.pipeline.events.last() == before


def test_views_and_reading_are_logged_when_a_page_is_left(reader, service):
    page = reader.get("/").text
    token, page_id = re.search('data-token="([^"]+)"', page)[1], PAGE_ID.search(page)[1]
    sent = {"csrf_token": token, "page": page_id, "views": [{"slot": 1, "seconds": 2.5}], "seconds": 40}
    sent["story"] = stories(page)[0]
    assert reader.client.post("/beacon", json=sent).status_code == 204
    assert reader.client.post("/beacon", json=sent | {"csrf_token": "x"}).status_code == 403
    assert reader.client.post("/beacon", json=sent | {"views": [{"slot": 0, "seconds": 1}]}).status_code == 422
    assert reader.client.post("/beacon", content="{").status_code == 422
    events = service.pipeline.events.after(0).to_pylist()
    found = [(event["kind"], event["seconds"]) for event in events if event["user_id"] == reader.id]
    assert ("view", 2.5) in found and ("dwell", 40.0) in found

"""What browsers send by navigator.sendBeacon: only of the reader of the cookie, and only from our own pages."""

import json

import pytest
from fastapi.testclient import TestClient

from broadsheet.service.security.csrf import csrf_token
from broadsheet.service.security.guarding.limits import Limits
from broadsheet.service.security.reader import remember_reader

BEACON = "/v1/events/beacon"


@pytest.fixture(scope="module")
def browser(app, client):
    """A browser whose reader agreed to be remembered, with the token of its page."""
    from fastapi import Request, Response

    @app.get("/agree", include_in_schema=False)
    def agree(request: Request) -> Response:
        response = Response()
        reader = remember_reader(request, response)
        response.headers["X-Reader"], response.headers["X-Token"] = reader.id, csrf_token(request)
        return response

    browser = TestClient(app)
    answer = browser.get("/agree")
    browser.reader, browser.token = answer.headers["x-reader"], answer.headers["x-token"]
    return browser


def click(event_id, **fields):
    event = {"event_id": event_id, "kind": "click", "time": "2024-05-03T10:00:00Z", "news_id": "N1", "user_id": "fan"}
    return event | fields


def send(browser, events, token=None, **headers):
    body = {"csrf_token": browser.token if token is None else token, "events": events}
    return browser.post(BEACON, content=json.dumps(body), headers={"Content-Type": "text/plain", **headers})


def logged(service, event_id):
    return service.pipeline.events.with_ids([event_id]).to_pylist()


def test_what_a_browser_sends_is_logged_as_of_its_own_reader(browser, service):
    answer = send(browser, [click("b1"), click("b2", kind="page", page_id="p", shown=["N1"])])
    assert answer.status_code == 204
    (event,) = logged(service, "b1")
    assert event["user_id"] == browser.reader != "fan"
    assert not logged(service, "b2")


def test_a_beacon_without_the_token_or_from_another_site_is_refused(browser, service):
    assert send(browser, [click("b3")], token="x").status_code == 403
    assert send(browser, [click("b3")], **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert send(browser, [click("b3")], Origin="https://evil.example").status_code == 403
    assert not logged(service, "b3")


def test_nothing_is_logged_of_a_browser_that_did_not_agree(client, service):
    body = json.dumps({"csrf_token": "", "events": [click("b4")]})
    assert client.post(BEACON, content=body).status_code == 204
    assert not logged(service, "b4")


def test_a_browser_that_says_other_times_sends_no_more_events_a_minute(browser, service, app, monkeypatch):
    monkeypatch.setattr(app.state.security, "events", Limits(3, clock=lambda: 0.0))
    events = [click(f"fast{number}", time=f"2024-05-03T10:{number:02}:00Z") for number in range(5)]
    assert send(browser, events).status_code == 204
    assert [bool(logged(service, event["event_id"])) for event in events] == [True, True, True, False, False]


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"csrf_token": "", "events": [1]}', '{"csrf_token": "", "events": []}']
)
def test_a_body_that_is_no_beacon_is_a_problem_422(client, body):
    assert client.post(BEACON, content=body).status_code == 422

"""HEAD: what GET answers, without the body, and without anything that a reader did."""

import re

import pytest

from broadsheet.service.app import ROUTERS

PAGE = "/v1/readers/fan/page"
FILLED = {"news_id": "N1", "user_id": "fan", "form": "rss", "token": "none", "name": "science"}
ASKS = {"q": "space rocket"}
BY_TIME = {"date", "ratelimit", "ratelimit-policy", "x-ratelimit-remaining"}
CHANGING = ("/metrics", "/ops", "/v1/health", "/v1/experiments")
"""Answers that hold how much is in use at this moment."""


def got():
    for route in (route for router in ROUTERS for route in router.routes):
        if "GET" in route.methods and not route.path.startswith(CHANGING):
            yield re.sub(r"{(\w+)(?::path)?}", lambda found: FILLED[found[1]], route.path)


def test_every_route_answers_head_as_get_without_the_body(client):
    paths = list(got())
    assert len(paths) > 40
    for path in paths:
        asked = {} if path.endswith("/page") else ASKS
        full, head = (client.request(method, path, params=asked, follow_redirects=False) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (full.status_code, b""), path
        if path.endswith(("/stream", "/export")):
            continue
        of_full, of_head = ({**answer.headers} for answer in (full, head))
        for name in BY_TIME:
            of_full.pop(name, None), of_head.pop(name, None)
        assert of_head == of_full, path


def test_a_head_has_the_validator_and_the_length_of_the_page(client):
    full, head = client.get(PAGE), client.head(PAGE)
    assert head.headers["etag"] == full.headers["etag"]
    assert int(head.headers["content-length"]) == len(full.content) > 1000
    assert client.head(PAGE, headers={"If-None-Match": full.headers["etag"]}).status_code == 304


def test_a_head_does_not_count_as_a_page_shown(client, service):
    before = service.pipeline.events.last()
    assert client.head(PAGE, params={"k": 7}).status_code == 200
    assert service.pipeline.events.last() == before
    page_id = client.get(PAGE, params={"k": 7}).json()["page_id"]
    assert len(service.pipeline.events.pages([page_id])) == 1


@pytest.mark.parametrize("path", ["/v1/events", "/act"])
def test_what_answers_no_get_answers_no_head(client, path):
    answer = client.head(path)
    assert answer.status_code == 405 and answer.headers["allow"] == "POST"


def test_a_refused_method_is_told_that_head_is_answered(client):
    assert client.request("PATCH", "/everybody").headers["allow"] == "GET, HEAD"

"""The routes that the guides name are routes of the service, and what the guide of the API says of them holds."""

import re
from pathlib import Path

import pytest

GUIDES = sorted((Path(__file__).resolve().parents[3] / "docs").rglob("*.md"))
GUIDE = next(guide for guide in GUIDES if guide.name == "http-api.md")
ROUTE = re.compile(r"`(GET|PUT|PATCH|POST|DELETE) (/v1/[^`\s?]+)")
PATH = re.compile(r"`(/v1/[^`\s?]+)")
PLACEHOLDER = re.compile(r"\{\w+\}|[A-Z_]{2,}")
"""What stands for an id or a name: `{user_id}` in a table, `NAME` in a sentence."""


@pytest.fixture(scope="module")
def schema(client):
    return client.get("/v1/openapi.json").json()


def form(path):
    return PLACEHOLDER.sub("*", path)


def routes(schema):
    """Each operation by its method and the form of its path."""
    return {
        (method.upper(), form(path)): operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_that_a_guide_names_exists(schema):
    known = routes(schema)
    named = {(guide.name, *found) for guide in GUIDES for found in ROUTE.findall(guide.read_text("utf-8"))}
    assert len(named) > 30
    assert [one for one in named if (one[1], form(one[2])) not in known] == []


def test_every_path_that_a_guide_names_exists(schema):
    known = {path for _, path in routes(schema)} | {"/v1/openapi.json"}
    named = {(guide.name, path) for guide in GUIDES for path in PATH.findall(guide.read_text("utf-8"))}
    assert len(named) > 3
    assert [one for one in named if form(one[1]) not in known] == []


def test_every_route_of_gorse_has_a_route_with_the_parameters_that_the_guide_says_or_a_reason(schema):
    known = routes(schema)
    rows = re.findall(r"^\| (.*/api/.*?) \| (.*) \|$", GUIDE.read_text("utf-8"), re.M)
    assert len(rows) > 12
    for theirs, ours in rows:
        parameters = set(re.findall(r"with `(\w+)`", ours))
        for method, path in ROUTE.findall(ours):
            operation = known[method, form(path)]
            assert parameters <= {one["name"] for one in operation.get("parameters", ())}, theirs
        assert ROUTE.search(ours) or "kind `undo`" in ours or "no such list" in ours, theirs


def test_routes_without_an_etag_are_those_that_the_guide_says(client, schema):
    queries, ids = {"q": "space"}, {"news_id": "N1", "name": "science", "user_id": "U1"}
    without = set()
    for path, methods in schema["paths"].items():
        if "get" in methods and path.startswith("/v1/"):
            answer = client.get(path.format(**ids), params=queries)
            if answer.is_success and "etag" not in answer.headers:
                without.add(path.split("/")[2] if "export" not in path else "export")
    assert without == {"ask", "health", "export", "desk"}
    assert "Streams, health, exports of readers and the routes of the desk have no `ETag`" in GUIDE.read_text("utf-8")

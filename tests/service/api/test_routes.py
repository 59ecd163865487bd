"""What holds for every route: its scope, its problems, its schema."""

import re

import pytest
from fastapi.testclient import TestClient

from broadsheet.service.security.caller import Caller, caller_of

OPEN = ("/v1/health/live", "/v1/health/ready", "/v1/events/beacon")
"""Routes that need no scope."""


@pytest.fixture(scope="module")
def schema(client):
    return client.get("/v1/openapi.json").json()


def operations(schema):
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/v1/"):
                yield path, method, operation


def test_the_schema_is_openapi_3_1_and_every_operation_says_what_it_does(schema):
    assert schema["openapi"].startswith("3.1")
    names = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(names) == len(set(names)) >= 25
    assert all(operation["description"].endswith(".") for _, _, operation in operations(schema))


def test_every_status_of_a_route_is_documented_as_a_problem_or_a_model(schema):
    for path, method, operation in operations(schema):
        answers = operation["responses"]
        assert "429" in answers, (path, method)
        if path not in OPEN:
            assert {"401", "403", "422"} <= set(answers), (path, method)
        for status, answer in answers.items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], (path, method, status)


def asked(schema):
    """Every operation with a path that fits its template."""
    for path, method, operation in operations(schema):
        if path not in OPEN:
            yield method, re.sub(r"\{[a-z_]+\}", "N1", path), operation


def test_every_route_refuses_a_caller_without_a_scope_and_a_caller_nobody_knows(app, schema):
    client, before = TestClient(app), dict(app.dependency_overrides)
    try:
        for caller, status in ((Caller("key", "poor"), 403), (Caller(), 401)):
            app.dependency_overrides[caller_of] = lambda caller=caller: caller
            for method, path, _ in asked(schema):
                answer = client.request(method, path, json={})
                assert answer.status_code == status, (method, path, answer.text)
                assert answer.headers["content-type"] == "application/problem+json"
    finally:
        app.dependency_overrides = before


def test_an_unknown_path_and_a_wrong_method_are_problems(client):
    for answer, status in ((client.get("/v1/nowhere"), 404), (client.post("/v1/sections"), 405)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_damaged_journal_is_a_problem_without_a_word_of_the_server(client, service, monkeypatch):
    from broadsheet.errors import NewsroomError

    def failing(*_):
        raise NewsroomError(f"{service.newsroom.path}: gone")

    monkeypatch.setattr(service.pipeline, "trending", failing)
    answer = client.get("/v1/articles/trending")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert str(service.newsroom.path) not in answer.text

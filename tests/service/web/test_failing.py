"""What a browser shows in place of a page that cannot be shown."""

import pytest

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/no-such-page", 404, "This page is not here"),
        ("/ask?q=" + "x" * 5000, 422, "This page cannot be shown now"),
    ],
)
def test_a_browser_gets_a_page_and_a_program_a_problem_document(visitor, path, status, words):
    page = visitor.get(path, headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert words in page.text and '<html lang="en"' in page.text
    problem = visitor.get(path)
    assert (problem.status_code, problem.headers["content-type"]) == (status, "application/problem+json")
    assert problem.json()["status"] == status


def test_the_api_answers_a_browser_with_a_problem_document_too(visitor):
    assert visitor.get("/v1/no-such-route", headers=HTML).headers["content-type"] == "application/problem+json"


def test_a_page_in_place_of_a_failure_keeps_its_headers(app, visitor, monkeypatch):
    from broadsheet.errors import NewsroomError

    def fail(*_):
        raise NewsroomError("The event store cannot be read.")

    monkeypatch.setattr(app.state.service, "key_of", fail)
    page = visitor.get("/everybody", headers=HTML)
    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert "Please try again in a moment." in page.text and "event store" not in page.text


def test_an_editor_is_told_that_the_role_does_not_allow_the_operators_pages(app, visitor):
    from broadsheet.service.security.accounts.users import add_user

    add_user(app.state.security.state, "ann", "editor", "correct horse battery", "tests")
    visitor.post("/login", on="/login", name="ann", password="correct horse battery")
    page = visitor.get("/ops", headers=HTML)
    assert page.status_code == 403
    assert "You may not see this page" in page.text and "The role of “ann” does not allow it." in page.text


def test_the_framework_s_own_refusals_say_what_to_do(visitor):
    assert "/v1/openapi.json lists the routes" in visitor.get("/v1/no-such-route").json()["detail"]
    assert "expected GET, HEAD" in visitor.client.delete("/v1/health/live").json()["detail"]

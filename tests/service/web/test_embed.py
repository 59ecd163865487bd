"""Stories on a site's own pages: for everybody, or for the reader whom the site names by a token."""

import pytest

from broadsheet.service.security import entering
from broadsheet.service.security.accounts.keys import add_key, revoke_key

SITE = {"Origin": "https://site.example"}


@pytest.fixture
def token(visitor, service, app):
    """Asks as the site's server for a reader's token."""
    key = add_key(service.state, "site", ["pages"], "tests")
    app.state.security.keys.look()
    headers = {"Authorization": f"Bearer {key}"}
    yield lambda reader: visitor.client.post(f"/v1/readers/{reader}/embed-token", headers=headers).json()["token"]
    revoke_key(service.state, "site", "tests")


def titles(answer):
    return [story["news_id"] for story in answer.json()["stories"]]


def test_only_the_sites_of_the_settings_may_read_the_stories_of_an_embed(visitor):
    ours = visitor.get("/embed.json?k=3", headers=SITE)
    assert ours.headers["access-control-allow-origin"] == "https://site.example"
    assert len(ours.json()["stories"]) == 3
    foreign = visitor.get("/embed.json?k=3", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers
    assert visitor.get("/embed.json?k=11").status_code == 422


def test_the_script_of_an_embed_may_be_included_anywhere(visitor):
    script = visitor.get("/embed.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "innerHTML" not in script.text


def test_a_site_that_names_its_reader_gets_the_readers_own_stories(visitor, service, token):
    before = service.pipeline.events.last()
    own = visitor.client.post("/embed.json", data={"reader": token("fan"), "k": 6}, headers=SITE)
    assert titles(own) == service.pipeline.run("fan", 6).stories["news_id"].to_pylist()
    assert titles(own) != titles(visitor.get("/embed.json?k=6"))
    assert own.headers["access-control-allow-origin"] == "https://site.example"
    assert own.headers["cache-control"] == "no-store" and "set-cookie" not in own.headers
    assert service.pipeline.events.last() == before


def test_a_bare_id_or_a_token_for_something_else_is_no_reader(visitor, app, token, monkeypatch):
    secret = app.state.security.secret
    of_cookie, of_entering = secret.sign("reader", ["fan", True]), secret.sign("enter", ["fan", "00"])
    for given in ("fan", of_cookie, of_entering, token("fan")[:-1]):
        answer = visitor.client.post("/embed.json", data={"reader": given}, headers=SITE)
        assert answer.status_code == 403 and "stories" not in answer.text
    assert visitor.client.get("/enter", params={"token": token("fan")}).status_code == 403
    monkeypatch.setattr("broadsheet.service.security.entering.EMBED_SECONDS", -1)
    assert visitor.client.post("/embed.json", data={"reader": token("fan")}).status_code == 403


def test_only_a_key_that_may_make_pages_gets_the_token(visitor, service, app):
    key = add_key(service.state, "poor", ["events"], "tests")
    app.state.security.keys.look()
    path = "/v1/readers/fan/embed-token"
    assert visitor.client.post(path).status_code == 401
    assert visitor.client.post(path, headers={"Authorization": f"Bearer {key}"}).status_code == 403
    assert entering.EMBED_SECONDS == 3600

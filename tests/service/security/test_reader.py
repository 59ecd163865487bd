"""Readers: pseudonyms after consent, and ids that a site vouches for."""

import time
from urllib.parse import quote

import pytest
from itsdangerous import TimestampSigner

from broadsheet.readers.forgotten import ForgottenReaders
from broadsheet.service.security import entering

LAST = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""The digits of base64: a signature ends with a digit of which two bits mean nothing, so that four digits are equal."""


def test_nothing_is_stored_before_consent(site):
    browser = site.browser()
    answer = browser.get("/page")
    assert answer.json() == {"id": "", "known": False, "refused": False, "token": ""}
    assert "set-cookie" not in answer.headers


def test_a_reader_who_agrees_gets_a_pseudonym_and_keeps_it(site):
    browser = site.browser()
    browser.post("/consent?answer=yes")
    first = browser.get("/page").json()
    assert first["id"].startswith("anon-") and len(first["id"]) > 25 and not first["known"]
    browser.post("/consent?answer=yes", data={"csrf_token": first["token"]})
    assert browser.get("/page").json()["id"] == first["id"]
    other = site.browser()
    other.post("/consent?answer=yes")
    assert other.get("/page").json()["id"] != first["id"]


def test_a_reader_who_says_no_is_remembered_by_that_word_alone(site):
    browser = site.browser()
    browser.post("/consent?answer=yes")
    browser.post("/consent?answer=no", data={"csrf_token": browser.get("/page").json()["token"]})
    assert dict(browser.cookies) == {"broadsheet-consent": "no"}
    assert browser.get("/page").json() == {"id": "", "known": False, "refused": True, "token": ""}
    browser.post("/consent?answer=forget")
    assert dict(browser.cookies) == {} and not browser.get("/page").json()["refused"]


def test_a_site_hands_a_reader_over(site):
    server, browser = site.with_key("readers"), site.browser()
    browser.post("/consent?answer=yes")
    given = server.post("/v1/readers/maya%20ä/token").json()
    assert given["seconds"] == entering.SECONDS
    assert browser.get(given["path"]).headers["location"] == "/"
    found = browser.get("/page").json()
    assert found["id"] == "maya ä" and found["known"]


@pytest.mark.parametrize("user_id", ["maya/1", "".join(map(chr, range(0x4E00, 0x4E00 + 256)))])
def test_any_reader_of_the_api_can_be_handed_over_and_shown_in_an_embed(site, user_id):
    server, browser, asked = site.with_key("readers", "pages"), site.browser(), f"/v1/readers/{quote(user_id, '')}"
    assert browser.get(server.post(f"{asked}/token").json()["path"]).status_code == 303
    assert browser.get("/page").json()["id"] == user_id
    token = server.post(f"{asked}/embed-token").json()["token"]
    assert site.security.secret.signed(entering.EMBED, token, 60) == user_id


def test_a_token_holds_once_and_two_tokens_differ(site):
    server, browser = site.with_key("readers"), site.browser()
    paths = [server.post("/v1/readers/maya/token").json()["path"] for _ in range(2)]
    assert paths[0] != paths[1]
    assert [browser.get(path).status_code for path in (*paths, paths[0])] == [303, 303, 403]


def test_another_spelling_of_a_token_does_not_make_it_hold_twice(site):
    server, browser = site.with_key("readers"), site.browser()
    path = server.post("/v1/readers/maya/token").json()["path"]
    spellings = [path, *(path[:-1] + last for last in LAST), f"{path}="]
    assert [browser.get(one).status_code for one in spellings].count(303) == 1
    assert len(site.state.rows("SELECT * FROM entered")) == 1


def test_a_program_that_looks_where_a_token_leads_does_not_use_it_up(site):
    server, browser = site.with_key("readers"), site.browser()
    path = server.post("/v1/readers/maya/token").json()["path"]
    looked = site.browser().head(path)
    assert looked.status_code == 303 and "set-cookie" not in looked.headers
    assert browser.get(path).status_code == 303 and browser.get("/page").json()["id"] == "maya"


def test_a_token_that_is_old_or_forged_changes_nothing(site, monkeypatch):
    server, browser = site.with_key("readers"), site.browser()
    path = server.post("/v1/readers/maya/token").json()["path"]
    assert browser.get(path[:-2]).status_code == 403
    assert (
        browser.get("/enter", params={"token": site.security.secret.sign("reader", ["maya", True])}).status_code == 403
    )
    monkeypatch.setattr(entering, "SECONDS", -1)
    assert browser.get(path).status_code == 403
    assert not browser.cookies


def test_only_a_key_with_the_scope_gets_a_token(site):
    assert site.browser().post("/v1/readers/maya/token").status_code == 401
    assert site.with_key("pages").post("/v1/readers/maya/token").status_code == 403
    assert site.with_key("readers", name="b").post("/v1/readers/%01/token").status_code == 422


def test_what_was_signed_before_its_reader_was_forgotten_is_as_good_as_forged(site, room, monkeypatch):
    server, browser = site.with_key("readers", "pages"), site.browser()
    with monkeypatch.context() as earlier:
        earlier.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) - 5)
        browser.get(server.post("/v1/readers/maya/token").json()["path"])
        entered = server.post("/v1/readers/maya/token").json()["path"]
        signed = site.security.secret.sign("embed", "maya")
    assert browser.get("/page").json()["id"] == "maya"
    when = site.security.secret.signed_when("embed", signed, 60)[1]
    assert not site.security.is_forgotten("maya", when)
    ForgottenReaders(room).add("maya", [])
    assert browser.get("/page").json()["id"] == ""
    assert browser.get(entered).status_code == 403
    assert site.security.is_forgotten("maya", when) and not site.security.is_forgotten("ann", when)
    assert browser.get(server.post("/v1/readers/maya/token").json()["path"]).status_code == 303
    assert browser.get("/page").json()["id"] == "maya"

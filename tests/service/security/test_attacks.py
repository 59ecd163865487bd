"""What an attacker would try, over HTTP."""

import json
import logging

import pytest

from broadsheet.service.security.accounts import keys, users
from broadsheet.service.security.guarding import access_log, bodies
from broadsheet.service.security.guarding.headers import HEADERS
from tests.service.security.conftest import PASSWORD


def reader(site, **options):
    browser = site.browser(**options)
    browser.post("/consent?answer=yes")
    return browser, browser.get("/page").json()["token"]


def test_a_form_of_another_site_is_refused(site):
    browser, token = reader(site)
    assert browser.post("/act", data={"csrf_token": token}).status_code == 200
    assert browser.post("/act").status_code == 403  # the other site does not know the token
    assert browser.post("/act", data={"csrf_token": token[:-1]}).status_code == 403
    assert browser.post("/act", headers={"X-CSRF-Token": token}).status_code == 200
    for stranger in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        assert browser.post("/act", data={"csrf_token": token}, headers=stranger).status_code == 403
    assert browser.post("/act", data={"csrf_token": token}, headers={"sec-fetch-site": "same-site"}).status_code == 403
    ours = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    assert browser.post("/act", data={"csrf_token": token}, headers=ours).status_code == 200


def test_the_token_of_another_reader_or_session_is_refused(site):
    (browser, token), (_, stolen) = reader(site), reader(site)
    assert stolen != token
    assert browser.post("/act", data={"csrf_token": stolen}).status_code == 403
    editor = site.signed_in()
    assert editor.post("/act", data={"csrf_token": stolen}).status_code == 403
    assert editor.post("/act", data={"csrf_token": ""}).status_code == 403


def test_a_users_browser_changes_nothing_over_the_api_without_the_token(site):
    editor = site.signed_in()
    assert editor.get("/v1/articles").status_code == 200
    assert editor.post("/v1/articles").status_code == 403
    token = editor.get("/page").json()["token"]
    assert editor.post("/v1/articles", headers={"X-CSRF-Token": token}).status_code == 200
    assert editor.post("/v1/articles", headers={"X-CSRF-Token": token, "origin": "http://a.b"}).status_code == 403


def test_a_key_needs_no_token_and_a_beacon_brings_it_in_its_body(site):
    assert site.with_key("articles").post("/v1/articles").status_code == 200
    browser, token = reader(site)
    assert browser.post("/beacon", json={"token": token}).status_code == 200
    assert browser.post("/beacon", json={"token": "no"}).status_code == 403


def test_with_a_public_address_its_origin_alone_is_ours(opening):
    site = opening(public_url="https://news.example")
    browser, token = reader(site, base="https://news.example")
    good = {"csrf_token": token}
    assert browser.post("/act", data=good, headers={"origin": "https://news.example"}).status_code == 200
    for origin in ("http://news.example", "https://news.example:8443", "https://news.example.evil", "https://evil"):
        assert browser.post("/act", data=good, headers={"origin": origin}).status_code == 403


def test_nobody_is_signed_in_by_another_site(site):
    site.signed_in("ann")
    answer = site.browser().post(
        "/login", data={"name": "ann", "password": PASSWORD}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


def test_guessing_a_password_takes_longer_and_longer_from_whatever_address(site):
    site.signed_in("ann")
    tries = [
        site.browser(f"192.0.2.{number}").post("/login", data={"name": "Ann", "password": f"guess {number}"})
        for number in range(5)
    ]
    assert [answer.status_code for answer in tries] == [401, 401, 401, 429, 429]
    assert int(tries[-1].headers["retry-after"]) >= 1
    right = site.browser("192.0.2.9").post("/login", data={"name": "ann", "password": PASSWORD})
    assert right.status_code == 429  # nor does the right password say that it is right


def test_guessing_names_from_one_address_takes_longer_and_longer(site):
    browser = site.browser("2001:db8::1")
    tries = [browser.post("/login", data={"name": f"user{n}", "password": "a guess"}).status_code for n in range(12)]
    assert tries == [401] * 10 + [429] * 2
    neighbour = site.browser("2001:db8::2").post("/login", data={"name": "other", "password": "a guess"})
    assert neighbour.status_code == 429
    assert site.browser("2001:db9::1").post("/login", data={"name": "x", "password": "a guess"}).status_code == 401


def test_a_good_login_ends_the_delays_of_a_name(site):
    site.signed_in("ann")
    for word in ("wrong", "wrong", PASSWORD, "wrong", "wrong", "wrong"):
        answer = site.browser().post("/login", data={"name": "ann", "password": word})
        assert answer.status_code == (303 if word == PASSWORD else 401)


def test_a_stolen_cookie_is_worth_nothing_after_the_logout(site):
    browser = site.signed_in()
    thief = site.browser(cookie=f"broadsheet-session={browser.cookies['broadsheet-session']}")
    assert thief.get("/desk").status_code == 200
    browser.post("/logout", data={"csrf_token": browser.get("/page").json()["token"]})
    assert thief.get("/desk").status_code == 303


def test_a_stolen_cookie_is_worth_nothing_after_a_change_of_the_password(site):
    browser = site.signed_in()
    users.set_password(site.state, "ann", PASSWORD * 2, "test")
    assert browser.get("/desk").status_code == 303


def test_a_key_without_the_scope_a_revoked_key_and_a_forged_key(site):
    assert site.with_key("pages", "events").get("/v1/articles").status_code == 403
    browser = site.with_key("articles", name="b")
    assert browser.get("/v1/articles").json() == {"name": "b"}
    keys.revoke_key(site.state, "b", "test")
    site.security.keys.look()
    refused = browser.get("/v1/articles")
    assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
    assert "unknown or revoked" in refused.json()["detail"]
    for forged in ("Bearer bs_" + "0" * 12 + "A" * 43, "Bearer", "Bearer  ", "Bearer \xff", "Basic YTpi"):
        assert site.browser(authorization=forged.encode("latin-1")).get("/v1/articles").status_code == 401


def test_a_wrong_key_is_not_made_good_by_a_session(site):
    editor = site.signed_in()
    assert editor.get("/v1/articles", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert editor.get("/v1/articles", headers={"authorization": "Basic YTpi"}).status_code == 200  # a proxy's own


def test_forged_cookies_are_as_good_as_none(site):
    browser, _ = reader(site)
    value = browser.cookies["broadsheet-reader"]
    payload, rest = value.split(".", 1)
    unsigned = site.security.secret.sign("enter", ["maya", True])
    for forged in (payload, f"{payload[:-2]}AA.{rest}", value[:-1], unsigned, "x", "", "\xe4", "." * 5000):
        cookie = b"broadsheet-reader=" + forged.encode("latin-1")
        assert site.browser(cookie=cookie).get("/page").json()["id"] == ""
    for session in ("x", "", "A" * 43, "'; DROP TABLE users; --", "\xff"):
        cookie = b"broadsheet-session=" + session.encode("latin-1")
        assert site.browser(cookie=cookie).get("/desk").status_code == 303


def test_a_cookie_that_another_host_of_the_domain_set_is_not_read(opening):
    site = opening(public_url="https://news.example")
    browser, _ = reader(site, base="https://news.example")
    value = browser.cookies["__Host-broadsheet-reader"]
    other = site.browser(base="https://news.example", cookie=f"broadsheet-reader={value}")
    assert other.get("/page").json()["id"] == ""


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_long_is_refused(opening, chunked):
    site = opening(most_body_bytes=1000)

    def send(size):
        return site.browser().post("/echo", content=iter([b"x" * 100] * (size // 100)) if chunked else b"x" * size)

    assert send(1000).json()["bytes"] == 1000
    refused = send(1100)
    assert refused.status_code == 413 and refused.json()["detail"].startswith("The body has more than 1,000 bytes")
    assert refused.headers["connection"] == "close" and refused.headers["x-content-type-options"] == "nosniff"


def test_a_form_that_is_too_long_is_refused_before_it_is_read(opening):
    site = opening(most_body_bytes=1000)
    assert site.browser().post("/login", data={"name": "a", "password": "b" * 2000}).status_code == 413


def test_a_body_that_comes_too_slowly_is_refused(site, monkeypatch):
    monkeypatch.setattr(bodies.Body.__init__, "__defaults__", (0.0,))
    refused = site.browser().post("/echo", content=b"x")
    assert refused.status_code == 408 and refused.json()["title"] == "Request Timeout"


def test_a_compressed_body_and_a_length_that_is_none_are_refused(site):
    assert site.browser().post("/echo", content=b"x", headers={"content-encoding": "gzip"}).status_code == 415
    assert site.browser().post("/echo", content=b"x", headers={"content-encoding": "identity"}).status_code == 200
    assert site.browser().post("/echo", headers={"content-length": "-1"}).status_code == 400


def test_a_forged_x_forwarded_for_gets_no_bucket_of_its_own(opening):
    site = opening(requests_a_minute=3)
    answers = [
        site.browser().get("/page", headers={"x-forwarded-for": f"203.0.113.{number}"}).status_code
        for number in range(4)
    ]
    assert answers == [200, 200, 200, 429]
    assert site.browser("192.0.2.2").get("/page").status_code == 200


def test_behind_a_trusted_proxy_each_sender_has_a_bucket(opening):
    site = opening(requests_a_minute=1, trusted_proxies=["192.0.2.1"])

    def send(sender):
        return site.browser().get("/page", headers={"x-forwarded-for": sender}).status_code

    assert [send("203.0.113.1"), send("203.0.113.2"), send("203.0.113.2")] == [200, 200, 429]
    assert send("198.51.100.1, 203.0.113.2") == 429  # what the sender wrote itself counts for nothing


def test_a_key_has_a_bucket_of_its_own_and_is_told_of_it(opening):
    site = opening(requests_a_minute=2)
    server = site.with_key("articles")
    assert site.browser().get("/page").status_code == 200
    answers = [server.get("/v1/articles") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit"] == '"requests";r=1;t=30' and answers[2].headers["retry-after"] == "30"


def test_every_answer_has_the_headers_unless_the_route_has_its_own(site):
    for path in ("/page", "/login", "/nowhere", "/login.css"):
        headers = site.browser().get(path).headers
        for name, value in HEADERS:
            if name != b"cache-control":
                assert headers[name.decode()] == value.decode()
        assert "server" not in headers and "strict-transport-security" not in headers
    assert site.browser().get("/login.css").headers["cache-control"] == "public, max-age=3600"
    assert site.browser().get("/page").headers["cache-control"] == "no-store"
    own = site.browser().get("/embedded").headers
    assert own["cross-origin-resource-policy"] == "cross-origin" and own["x-frame-options"] == "DENY"


def test_with_https_browsers_are_told_to_stay_with_it(opening):
    site = opening(public_url="https://news.example")
    assert site.browser(base="https://news.example").get("/page").headers["strict-transport-security"]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "news.example.evil", "news.example@evil", "", "a b", "news.example:x", "[news]", "1.2.3.4.5"],
)
def test_another_host_is_refused(opening, host):
    site = opening(public_url="https://news.example")
    refused = site.browser(host=host).get("/page")
    assert refused.status_code == 400 and refused.json()["title"] == "Bad Request"


@pytest.mark.parametrize(
    "host", ["news.example", "NEWS.example:443", "127.0.0.1:8000", "[::1]:8000", "localhost", "10.1.2.3"]
)
def test_the_public_host_and_this_machine_are_answered(opening, host):
    assert opening(public_url="https://news.example").browser(host=host).get("/page").status_code == 200


@pytest.mark.parametrize(
    "path", ["/..%2f..%2fetc/passwd", "/login.css/../../secret", "/%2e%2e/secret", "/login.css%00"]
)
def test_no_path_leads_out_of_the_service(site, path):
    assert site.browser().get(path).status_code in (404, 405)


def test_the_access_log_has_lines_that_no_caller_wrote(opening, caplog):
    site = opening(access_log=True)
    with caplog.at_level(logging.INFO, access_log.log.name):
        site.browser("203.0.113.77").get("/page?token=SECRET", headers={"cookie": "a=SECRET"})
        site.browser("203.0.113.77").get("/%0a%0dforged%1b[2J")
        site.with_key("articles", name="site").get("/v1/articles")
        site.browser("203.0.113.77").request("FORGED\u0020LINE", "/page")
    lines = [json.loads(record.message) for record in caplog.records]
    assert [line["route"] for line in lines] == ["/page", "", "/v1/articles", "/page"]
    assert [line["status"] for line in lines] == [200, 404, 200, 405]
    assert [line["caller"] for line in lines] == ["nobody", "nobody", "key site", "nobody"]
    assert {line["network"] for line in lines} == {"203.0.113.0/24", "192.0.2.0/24"} and lines[3]["method"] == "other"
    said = caplog.text
    assert not any(word in said for word in ("SECRET", "forged", "203.0.113.77", "Bearer"))


def test_without_the_setting_no_request_is_logged(site, caplog):
    with caplog.at_level(logging.INFO, access_log.log.name):
        site.browser().get("/page")
    assert not [record for record in caplog.records if record.name == access_log.log.name]


def test_scripts_in_names_are_escaped(site):
    browser = site.signed_in("<script>alert(1)</script>")
    page = browser.get("/login").text
    assert "<script>" not in page and "&lt;script&gt;" in page

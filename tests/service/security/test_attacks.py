"""What an attacker would try, over HTTP."""

from broadsheet.service.security.accounts import keys, users
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


def test_scripts_in_names_are_escaped(site):
    browser = site.signed_in("<script>alert(1)</script>")
    page = browser.get("/login").text
    assert "<script>" not in page and "&lt;script&gt;" in page

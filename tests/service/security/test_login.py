"""Signing in and out in a browser."""

from tests.service.security.conftest import PASSWORD


def test_a_user_signs_in_sees_the_pages_of_the_role_and_signs_out(site):
    browser = site.signed_in("ann", "editor")
    assert browser.get("/desk").json() == {"name": "ann"}
    assert browser.get("/ops").status_code == 403
    page = browser.get("/login").text
    assert "Signed in as ann" in page
    token = browser.get("/page").json()["token"]
    assert token in page
    assert browser.post("/logout", data={"csrf_token": token}).headers["location"] == "/login"
    assert browser.get("/desk").headers["location"] == "/login"


def test_the_page_needs_no_script_and_no_inline_style(site):
    page = site.browser().get("/login").text
    assert "<script" not in page and "style=" not in page and "<style" not in page
    assert 'lang="en"' in page and page.count("<label for=") == 2
    assert site.browser().get("/login.css").headers["content-type"].startswith("text/css")


def test_users_of_each_role_are_led_to_their_pages(site):
    for name, role, home in (("ann", "editor", "/desk"), ("bob", "operator", "/ops")):
        site.signed_in(name, role)
        answer = site.browser().post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303 and answer.headers["location"] == home


def test_the_cookie_of_https_is_of_this_host_alone_and_no_script_reads_it(opening):
    site = opening(public_url="https://news.example")
    browser = site.signed_in(base="https://news.example")
    answer = browser.post(
        "/login", data={"name": "ann", "password": PASSWORD, "csrf_token": browser.get("/page").json()["token"]}
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-broadsheet-session=")
    assert {"httponly", "secure", "samesite=lax", "path=/", "max-age=43200"} <= set(cookie.lower().split("; "))
    assert "domain" not in cookie.lower()


def test_wrong_names_and_passwords_are_answered_with_equal_words(site):
    site.signed_in("ann")
    answers = [
        site.browser(f"192.0.2.{number}").post("/login", data={"name": name, "password": "wrong password"})
        for number, name in enumerate(["ann", "nobody"], 5)
    ]
    assert [answer.status_code for answer in answers] == [401, 401] and answers[0].content == answers[1].content


def test_too_long_names_and_missing_fields_are_refused(site):
    browser = site.browser()
    assert browser.post("/login", data={"name": "ann"}).status_code == 422
    assert browser.post("/login", data={"name": "a" * 2000, "password": PASSWORD}).status_code == 422


def test_a_new_login_begins_a_session_of_its_own(site):
    first = site.signed_in("ann")
    second = site.browser()
    second.post("/login", data={"name": "ann", "password": PASSWORD})
    assert first.cookies["broadsheet-session"] != second.cookies["broadsheet-session"]
    second.post("/logout", data={"csrf_token": second.get("/page").json()["token"]})
    assert first.get("/desk").status_code == 200 and second.get("/desk").status_code == 303

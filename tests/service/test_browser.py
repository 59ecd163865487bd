"""A reader in a real browser, from the first visit to being forgotten, with JavaScript and without."""

import shutil
import time

import pytest

from tests.support.browsing import needs_chromium, on_the_air

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def served(clicked, tmp_path_factory):
    """The address of a newsroom on the air, and a key of its API."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.service.app import create_app
    from broadsheet.service.security.accounts.keys import add_key

    room = Newsroom(shutil.copytree(clicked.path, tmp_path_factory.mktemp("served") / "newsroom", symlinks=True))
    app = create_app(room)
    with on_the_air(app) as address:
        yield address, add_key(app.state.security.state, "site", ["pages"], "tests")


@pytest.fixture(scope="module")
def address(served):
    return served[0]


def test_a_reader_from_first_visit_to_being_forgotten(page, address):
    page.goto(address)
    assert not page.context.cookies()
    page.get_by_role("button", name="Yes, remember").click()
    page.goto(f"{address}/following")
    page.get_by_label("Your interests in your own words").fill("space rocket planet")
    page.get_by_role("button", name="Keep").click()
    page.goto(address)
    assert page.get_by_text("You follow: space rocket planet").is_visible()

    lead = page.locator(".lead h2 a")
    title = lead.inner_text()
    with page.expect_request("https://example.org/**"):  # which no test reaches
        lead.click()
    page.wait_for_load_state()
    page.problems.clear()
    page.goto(address)
    assert title != page.locator(".lead h2 a").inner_text()  # what was read is not on the page again

    first = page.locator(".lead")
    title = first.locator("h2").inner_text()
    first.get_by_text("More or less").click()
    first.get_by_role("button", name="Hide this story").click()
    page.get_by_text("This story is hidden.").first.wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Taken back.").first.wait_for()
    page.goto(address)
    assert page.locator(".lead h2").inner_text() == title

    page.get_by_role("button", name="Save").first.click()
    page.get_by_text("Saved").first.wait_for()
    page.goto(f"{address}/saved")
    assert page.locator("article").count() == 1

    page.goto(f"{address}/ask")
    page.get_by_label("What would you like to read about?").fill("space rocket")
    page.get_by_role("main").get_by_role("button", name="Ask").click()
    page.get_by_role("heading", name="The stories behind the answer").wait_for()

    page.goto(f"{address}/following")
    page.get_by_label("I want everything").check()
    page.get_by_role("button", name="Forget me").click()
    page.get_by_role("heading", name="You are forgotten").wait_for()
    assert not page.context.cookies()
    page.goto(address)
    assert page.get_by_role("button", name="Yes, remember").is_visible()
    assert not page.problems


def test_the_keyboard_alone_reaches_the_stories(browser, address):
    page = browser.new_page()
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Yes, remember"
    page.close()


def test_an_act_that_fails_late_is_sent_once_more_by_the_form_and_no_third_time(browser, address):
    asked = []

    def fail(route):
        asked.append(route.request.headers["accept"].partition(",")[0])
        time.sleep(1.1)  # longer than the page remembers that it tried
        route.abort()

    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address)
        page.get_by_role("button", name="Yes, remember").click()
        page.route("**/act", fail)
        page.locator("button[value=save]").first.click()
        page.wait_for_event("requestfailed", lambda request: request.is_navigation_request(), timeout=10_000)
    assert asked == ["application/json", "text/html"]


def test_a_page_of_the_api_as_html_has_its_style(page, served):
    address, key = served
    page.set_extra_http_headers({"Authorization": f"Bearer {key}"})
    page.goto(f"{address}/v1/readers/fan/page?format=html")
    assert page.locator(".masthead").evaluate("one => getComputedStyle(one).textAlign") == "center"
    assert page.locator("h1").evaluate("one => parseFloat(getComputedStyle(one).fontSize)") > 50
    assert not page.problems

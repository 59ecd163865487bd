"""An editor in a real browser, by keyboard alone, with JavaScript and without."""

import shutil

import pytest

from tests.support.browsing import needs_chromium, on_the_air

pytestmark = needs_chromium
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def address(built, tmp_path_factory):
    """The address of a newsroom on the air with an editor."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.service.app import create_app
    from broadsheet.service.security.accounts.users import add_user

    room = Newsroom(shutil.copytree(built.path, tmp_path_factory.mktemp("served") / "newsroom", symlinks=True))
    app = create_app(room)
    with on_the_air(app) as address:
        add_user(app.state.security.state, "ann", "editor", PASSWORD, "tests")
        yield address


def test_an_editor_pins_undoes_previews_knobs_and_rewrites(page, address):
    page.goto(f"{address}/desk")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.wait_for_url("**/desk")

    title = page.locator("#s4 h2 a").inner_text()
    page.locator("#s4").get_by_text("Pin or bury").press("Enter")
    page.locator("#s4").get_by_label("Slot").fill("1")
    page.locator("#s4").get_by_label("Slot").press("Enter")
    page.get_by_role("status").wait_for()
    assert page.locator("#s1 h2 a").inner_text() == title
    page.get_by_role("status").get_by_role("button", name="Undo").press("Enter")
    page.get_by_text("the order is taken off").wait_for()
    assert page.locator("#s4 h2 a").inner_text() == title

    page.goto(f"{address}/desk/knobs")
    page.get_by_label("Diversity").fill("0")
    page.get_by_role("button", name="Preview").press("Enter")
    while page.locator("#price progress").count():  # the script takes it away, or the link does
        if page.get_by_role("link", name="Look again").count():
            page.reload()
    assert page.get_by_text("30 are needed").is_visible()
    page.get_by_role("button", name="Save these knobs").press("Enter")
    page.get_by_text("Saved: Knobs: diversity 0.").wait_for()
    page.get_by_role("status").get_by_role("button", name="Undo").press("Enter")
    page.get_by_text("the order is taken off").wait_for()

    page.locator("#s2 h2 a").press("Enter")
    page.get_by_role("textbox", name="Headline").fill("Arsenal wins 300 cups in Paris")
    page.get_by_role("button", name="Save the rewrite").press("Enter")
    assert page.get_by_text("Headline: number 300").is_visible()
    page.get_by_label("Publish anyway").press("Space")
    page.get_by_role("button", name="Save the rewrite").press("Enter")
    page.get_by_text("Published anyway. headline: number 300").first.wait_for()
    page.get_by_role("button", name="Take off").press("Enter")
    page.get_by_text("No order stands.").wait_for()
    assert [one for one in page.problems if "status of 422" not in one] == []  # the rewrite that the gate refused

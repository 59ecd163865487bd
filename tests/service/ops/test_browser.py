"""An operator in a real browser, by keyboard alone, with JavaScript and without."""

import shutil

import pytest

from tests.support.browsing import needs_chromium, on_the_air

pytestmark = needs_chromium
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def room(built, tmp_path_factory):
    """A newsroom with two published editions."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.nightly.build import build

    room = Newsroom(shutil.copytree(built.path, tmp_path_factory.mktemp("served") / "newsroom", symlinks=True))
    build(room, "all")
    return room


@pytest.fixture(scope="module")
def address(room):
    """The address of the newsroom on the air with an operator."""
    from broadsheet.service.app import create_app
    from broadsheet.service.security.accounts.users import add_user

    app = create_app(room)
    with on_the_air(app) as address:
        add_user(app.state.security.state, "olga", "operator", PASSWORD, "tests")
        yield address


def test_an_operator_rolls_back_and_publishes_again(page, room, address):
    first, second = (edition.name for edition in room.editions())
    page.goto(f"{address}/ops/editions")
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.goto(f"{address}/ops/editions")

    page.get_by_role("link", name="Roll back").press("Enter")
    page.get_by_label("Type the name").fill("another")
    page.get_by_label("Type the name").press("Enter")
    page.get_by_role("alert").wait_for()
    assert room.current().name == second
    page.get_by_label("Type the name").fill(second)
    page.get_by_label("Type the name").press("Enter")
    page.wait_for_url("**/ops/editions?**")
    assert room.current().name == first

    page.locator("tr", has_text=second[:16]).get_by_role("link", name="publish").press("Enter")
    page.get_by_label("Type the name").fill(second)
    page.get_by_label("Type the name").press("Enter")
    page.wait_for_url("**/ops/editions?**")
    assert room.current().name == second
    assert page.get_by_text("olga").first.is_visible()
    assert not [problem for problem in page.problems if "400" not in problem and "422" not in problem]

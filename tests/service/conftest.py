"""A real browser for the tests of the service."""

import pytest

from tests.support.browsing import chromium, phone_page


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(browser, request):
    """A page of a telephone's width, whose `problems` are the errors of its console."""
    with phone_page(browser, scripts=request.param) as page:
        yield page

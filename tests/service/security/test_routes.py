"""Every route of the service that changes something asks for a scope or a token."""

from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from broadsheet.newsroom import Newsroom
from broadsheet.service import app
from broadsheet.service.security.caller import SAFE, needs, signed_in
from broadsheet.service.security.csrf import checked_csrf

CHECKS_ITSELF = {"/beacon", "/v1/events/beacon", "/letters/{token}", "/embed.json"}
"""Routes that find the token in their body, by `check_csrf`, or have a signed token in their address, as letters do.

`/embed.json` has a signed token in its form, and changes nothing."""
STYLES = ("static", "style")
"""Names of the routes of style sheets and scripts, which hold nothing of a newsroom."""


def routes():
    for router in app.ROUTERS:
        yield from (route for route in router.routes if isinstance(route, APIRoute))


def calls(dependant):
    for inner in dependant.dependencies:
        yield inner.call
        yield from calls(inner)


def is_guarded(route):
    checks = {needs("pages").__code__, checked_csrf.__code__}
    return any(getattr(call, "__code__", None) in checks for call in calls(route.dependant))


def test_every_change_needs_a_scope_or_the_token_of_a_form():
    changing = [route for route in routes() if not route.methods <= set(SAFE)]
    assert len(changing) > 30
    assert {route.path for route in changing if not is_guarded(route)} == CHECKS_ITSELF


@pytest.mark.parametrize("prefix", ["/desk", "/ops"])
def test_every_page_of_editors_and_operators_needs_a_signed_in_user(prefix):
    code = signed_in("desk").__code__
    pages = [route for route in routes() if route.path.startswith(prefix) and route.name not in STYLES]
    open_pages = [
        route.path
        for route in pages
        if code not in [getattr(call, "__code__", None) for call in calls(route.dependant)]
    ]
    assert pages and open_pages == []


def test_the_application_has_a_guard():
    made = app.create_app(Newsroom(Path("nowhere")))
    assert "Guard" in [layer.cls.__name__ for layer in made.user_middleware]

"""A small application behind the guard, with the real database, and no pipeline: what is tested is who may do what."""

from types import SimpleNamespace
from typing import Annotated

import pytest
from argon2 import PasswordHasher
from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.testclient import TestClient

from broadsheet.config.service import ServiceConfig
from broadsheet.newsroom import Newsroom
from broadsheet.service.security import entering, login
from broadsheet.service.security.accounts import users
from broadsheet.service.security.accounts.keys import add_key
from broadsheet.service.security.accounts.users import add_user
from broadsheet.service.security.caller import Caller, needs, signed_in
from broadsheet.service.security.csrf import check_csrf, checked_csrf, csrf_token
from broadsheet.service.security.guarding.guard import Guard
from broadsheet.service.security.guarding.head import Head
from broadsheet.service.security.reader import (
    RequestReader,
    forget_reader,
    reader_of,
    refuse_reader,
    remember_reader,
)
from broadsheet.service.security.security import Security
from broadsheet.service.serving.problems import handle_problems
from broadsheet.service.serving.state import State

HASHER = users._hasher
PASSWORD = "four words nobody guesses"


class Site:
    """The application, its database, and browsers that visit it."""

    def __init__(self, newsroom, **settings):
        self.state = State(newsroom)
        self.security = Security(newsroom, self.state, ServiceConfig(**settings))
        self.app = application()
        self.app.state.security, self.app.state.service = self.security, SimpleNamespace(newsroom=newsroom)

    def browser(self, address="192.0.2.1", base="http://testserver", **headers):
        return TestClient(
            self.app,
            base,
            client=(address, 5000),
            headers=headers,
            follow_redirects=False,
            raise_server_exceptions=False,
        )

    def with_key(self, *scopes, name="site"):
        key = add_key(self.state, name, scopes, "test")
        self.security.keys.look()
        return self.browser(authorization=f"Bearer {key}")

    def signed_in(self, name="ann", role="editor", **options):
        add_user(self.state, name, role, PASSWORD, "test")
        browser = self.browser(**options)
        assert browser.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
        return browser


async def as_it_is(_, problem):
    return problem


def application():
    app = FastAPI()
    handle_problems(app, as_it_is)
    app.add_middleware(Head)
    app.add_middleware(Guard)
    app.include_router(login.router)
    app.include_router(entering.router)
    add_pages(app)
    add_routes_of_callers(app)
    return app


def add_pages(app):
    @app.get("/page")
    async def page(request: Request, reader: RequestReader):
        return {"id": reader.id, "known": reader.known, "refused": reader.refused, "token": csrf_token(request)}

    @app.post("/consent", dependencies=[Depends(checked_csrf)])
    async def consent(request: Request, answer: str):
        sent = RedirectResponse("/page", 303)
        {"yes": remember_reader, "no": refuse_reader, "forget": forget_reader}[answer](request, sent)
        return sent

    @app.post("/act", dependencies=[Depends(checked_csrf)])
    async def act():
        return {}

    @app.post("/beacon")
    async def beacon(request: Request):
        check_csrf(request, (await request.json())["token"])
        return {}

    @app.get("/embedded")
    async def embedded(request: Request):
        return HTMLResponse(reader_of(request).id, headers={"Cross-Origin-Resource-Policy": "cross-origin"})


def add_routes_of_callers(app):
    @app.get("/v1/articles", dependencies=[Depends(needs("articles"))])
    async def articles(request: Request):
        return {"name": request.state.caller.name}

    @app.post("/v1/articles", dependencies=[Depends(needs("articles"))])
    async def change():
        return {}

    @app.get("/desk")
    async def desk(caller: Annotated[Caller, Depends(signed_in("desk"))]):
        return {"name": caller.name}

    @app.get("/ops", dependencies=[Depends(signed_in("operations"))])
    async def ops():
        return {}

    @app.post("/echo")
    async def echo(request: Request):
        return {"bytes": len(await request.body()), "address": request.state.address}


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch):
    """Hashes of passwords that take no time; one test makes a hash as the service does."""
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(users, "_hasher", lambda: hasher)
    users._nobodys.cache_clear()
    yield
    users._nobodys.cache_clear()


@pytest.fixture
def room(tmp_path):
    return Newsroom(tmp_path / "room")


@pytest.fixture
def opening(room):
    """Opens the site with settings of the test's own."""
    opened = []

    def make(**settings):
        opened.append(Site(room, **settings))
        return opened[-1]

    yield make
    for site in opened:
        site.state.close()


@pytest.fixture
def site(opening):
    return opening()

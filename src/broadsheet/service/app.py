"""The application: routes, errors, headers and life of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from broadsheet.newsroom import Newsroom
from broadsheet.progress import Say, silent
from broadsheet.service.api import (
    articles,
    ask,
    editions,
    events,
    health,
    lists,
    metrics,
    pages,
    reader_data,
    readers,
    stories,
)
from broadsheet.service.desk.prices import Prices
from broadsheet.service.desk.routers import ROUTERS as DESK
from broadsheet.service.monitoring.measured import Measured
from broadsheet.service.monitoring.monitoring import Monitoring
from broadsheet.service.ops.routers import ROUTERS as OPS
from broadsheet.service.security import entering, login
from broadsheet.service.security.guarding.guard import Guard
from broadsheet.service.security.guarding.head import Head
from broadsheet.service.security.security import Security
from broadsheet.service.serving.problems import Problem, documented, handle_problems
from broadsheet.service.serving.service import Service
from broadsheet.service.web.failing import shown_problem
from broadsheet.service.web.routers import FRONT, WEB
from broadsheet.version import __version__

ROUTERS = (
    *(FRONT, health.router, stories.why_router, pages.router, ask.router, lists.router, stories.router),
    *(
        events.router,
        events.beacons,
        articles.router,
        readers.router,
        reader_data.router,
        editions.router,
        metrics.router,
    ),
    *(login.router, entering.router),
    *DESK,
    *OPS,
    *WEB,
)


def create_app(newsroom: Newsroom, say: Say = silent) -> FastAPI:
    """Return the ASGI application of a newsroom, which opens its current edition when it starts, and then says so."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = service = Service(newsroom)
        app.state.prices = Prices()
        app.state.security = Security(newsroom, service.state, service.config.service)
        app.state.monitoring = monitoring = Monitoring(service)
        service.start()
        app.state.security.start()
        monitoring.start()
        say(f"Ready: pages are made from edition {service.served.now().edition}.")
        try:
            yield
        finally:
            monitoring.close()
            app.state.prices.close()
            app.state.security.close()
            service.close()

    app = FastAPI(
        title="Broadsheet",
        version=__version__,
        summary="A newspaper written for one reader.",
        lifespan=life,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    handle_problems(app, shown_problem)
    app.add_middleware(Head)
    app.add_middleware(Guard)
    app.add_middleware(Measured)
    for router in ROUTERS:
        app.include_router(router)
    _document_problems(app)
    return app


def _document_problems(app: FastAPI) -> None:
    """Put into the schema the form of problems, the problems that the guard answers with, and how keys are sent."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        schema = plain()
        parts = schema["components"]
        parts.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}}
        for path in schema["paths"].values():
            for operation in path.values():
                answers = operation.setdefault("responses", {})
                refused = (400, 429, *((408, 413, 415) if "requestBody" in operation else ()))
                answers.update({str(status): each for status, each in documented(*refused).items()} | answers)
                if "401" in answers:
                    operation["security"] = [{"key": []}]
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's guide on extending OpenAPI does

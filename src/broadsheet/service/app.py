"""The application: routes, errors, headers and life of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from broadsheet.newsroom import Newsroom
from broadsheet.service.api import articles, ask, editions, events, health, lists, pages, readers, stories
from broadsheet.service.monitoring.measured import Measured
from broadsheet.service.security.security import Security
from broadsheet.service.serving.problems import Problem, handle_problems
from broadsheet.service.serving.service import Service
from broadsheet.version import __version__

ROUTERS = (
    *(health.router, stories.why_router, pages.router, ask.router, lists.router, stories.router),
    *(events.router, articles.router, readers.router, editions.router),
)


def create_app(newsroom: Newsroom) -> FastAPI:
    """Return the ASGI application of a newsroom, which opens its current edition when it starts."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = service = Service(newsroom)
        app.state.security = Security(newsroom, service.state, service.config.service)
        service.start()
        try:
            yield
        finally:
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
    handle_problems(app)
    app.add_middleware(Measured)
    for router in ROUTERS:
        app.include_router(router)
    _document_problems(app)
    return app


def _document_problems(app: FastAPI) -> None:
    """Put the form of problems into the schema, to which every route's errors refer."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        schema = plain()
        schema["components"].setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's guide on extending OpenAPI does

"""Metrics for Prometheus: `/metrics`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from broadsheet.service.monitoring.monitoring import Watching
from broadsheet.service.security.caller import Caller, needs
from broadsheet.service.serving.problems import documented

router = APIRouter(tags=["operations"])


class Exposition(Response):
    """Metrics in Prometheus' text format."""

    media_type = CONTENT_TYPE_PLAIN_0_0_4


@router.get("/metrics", response_class=Exposition, responses=documented(401, 403, 429))
def metrics(
    monitoring: Watching,
    _: Annotated[Caller, Depends(needs("operations"))],
) -> Response:
    """Return the metrics of all workers in Prometheus' text format.

    A scrape needs an API key with the scope operations, from whatever address it comes: behind a proxy every request
    seems to come from this machine.
    """
    return Exposition(monitoring.text(), headers={"Cache-Control": "no-store"})

"""Whether the service lives, and whether it can answer: `/v1/health/live` and `/v1/health/ready`."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from broadsheet.service.serving.problems import documented
from broadsheet.service.serving.service import Serving

router = APIRouter(prefix="/v1/health", tags=["health"])


class Health(BaseModel):
    """What a probe is told."""

    status: str = Field(description="Always ok: a service that is not answers with a problem.")
    edition: str = Field(description="Name of the edition in use; empty where it is not looked at.")


@router.get("/live", responses=documented(429))
async def live() -> Health:
    """Return at once, as long as the process answers at all."""
    return Health(status="ok", edition="")


@router.get("/ready", responses=documented(429, 503))
def ready(service: Serving) -> Health:
    """Return which edition is in use; a problem says why no page can be made."""
    opened = service.served.now()
    opened.version()
    return Health(status="ok", edition=opened.edition)

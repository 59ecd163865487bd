"""Orders of editors over the API: `/v1/desk/orders`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from broadsheet.errors import InputError
from broadsheet.orders.book import Change, OrderConflict
from broadsheet.orders.order import Order
from broadsheet.service.desk import giving
from broadsheet.service.desk.giving import book_of
from broadsheet.service.desk.ordering import gate_note, require_known
from broadsheet.service.security.accounts import acts
from broadsheet.service.security.accounts.acts import note
from broadsheet.service.security.caller import Caller, needs
from broadsheet.service.security.repeats import ONCE, OnceRoute
from broadsheet.service.serving.problems import CHANGING, READING, ServiceError, documented
from broadsheet.service.serving.service import Service, Serving

router = APIRouter(prefix="/v1/desk", tags=["desk"], route_class=OnceRoute, dependencies=[ONCE])

OfDesk = Annotated[Caller, Depends(needs("desk"))]
OrderId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="The order's id.")]
Version = Annotated[int, Query(ge=0, le=10**9, description="The order's version as you saw it.")]


class GivenOrder(BaseModel):
    """An order to give or to change."""

    model_config = ConfigDict(extra="forbid")
    order: Order
    version: int = Field(0, ge=0, le=10**9, description="The order's version as you saw it; 0 where none stood.")
    anyway: bool = Field(
        False, description="Whether words are published that the fact gate does not pass; it is noted."
    )


class ShownChange(BaseModel):
    """A change of an order."""

    number: int = Field(description="1, 2, 3 …; it is the order's version from then on.")
    time: datetime
    editor: str = Field(description="The user or the API key that made it.")
    order_id: str
    order: Order | None = Field(description="The order from then on; null where it was taken off.")
    note: str = Field(description="What the fact gate found of words that were published anyway; else empty.")
    undoes: int = Field(description="The number of the change that it undoes; 0 if it undoes none.")
    in_force: bool = Field(description="Whether the order holds at this moment.")


class ShownChanges(BaseModel):
    """Orders, or changes of orders."""

    changes: list[ShownChange]


@router.get("/orders", responses=documented(*READING))
def orders(service: Serving, _: OfDesk) -> ShownChanges:
    """Return the orders that stand, whether or not their time has come, the one changed last first."""
    return ShownChanges(changes=[_shown(one) for one in reversed(book_of(service.pipeline)().standing)])


@router.get("/changes", responses=documented(*READING))
def changes(
    service: Serving,
    _: OfDesk,
    before: Annotated[int, Query(ge=1, le=10**9, description="Only changes with lower numbers.")] = 10**9,
    k: Annotated[int, Query(ge=1, le=1000, description="Most changes.")] = 100,
) -> ShownChanges:
    """Return the changes of all orders, the latest first: who changed what, and when."""
    found = [one for one in book_of(service.pipeline)().changes if one.number < before]
    return ShownChanges(changes=[_shown(one) for one in reversed(found[-k:])])


@router.post("/orders", status_code=201, responses=documented(*CHANGING))
def give(service: Serving, caller: OfDesk, given: GivenOrder) -> ShownChange:
    """Give an order, or change it; it holds for the next request of every process.

    The answer is 409 if the order was changed since the version that you saw, and 422 for words that the fact gate does
    not pass.
    """
    pipeline = service.pipeline
    require_known(pipeline, given.order)
    found = gate_note(pipeline, given.order, anyway=given.anyway)
    try:
        return _noted(
            service, caller, acts.ORDERED, giving.give(pipeline, given.order, caller.name, given.version, found)
        )
    except OrderConflict as conflict:
        raise ServiceError(409, str(conflict)) from conflict


@router.delete("/orders/{order_id}", responses=documented(404, *CHANGING))
def remove(service: Serving, caller: OfDesk, order_id: OrderId, version: Version) -> ShownChange:
    """Take an order off; 409 if it was changed since the version that you saw."""
    try:
        return _noted(
            service, caller, acts.TAKEN_OFF, giving.take_off(service.pipeline, order_id, caller.name, version)
        )
    except InputError as error:
        raise ServiceError(404, str(error)) from error
    except OrderConflict as conflict:
        raise ServiceError(409, str(conflict)) from conflict


@router.post("/changes/{number}/undo", status_code=201, responses=documented(404, *CHANGING))
def undo(
    service: Serving, caller: OfDesk, number: Annotated[int, Path(ge=1, le=10**9, description="The change.")]
) -> ShownChange:
    """Let what held before a change hold again; 409 if the order was changed since."""
    try:
        return _noted(service, caller, acts.UNDONE, giving.undo(service.pipeline, number, caller.name))
    except InputError as error:
        raise ServiceError(404, str(error)) from error
    except OrderConflict as conflict:
        raise ServiceError(409, str(conflict)) from conflict


def _noted(service: Service, caller: Caller, act: str, change: Change) -> ShownChange:
    """Return a change that was just made, once it is in the audit log."""
    about = f": {change.order}" if change.order else ""
    note(service.state, caller, act, f"change {change.number} of order {change.order_id}{about}")
    return _shown(change)


def _shown(change: Change) -> ShownChange:
    holds = change.order is not None and change.order.holds(datetime.now(UTC))
    return ShownChange(**vars(change), in_force=holds)

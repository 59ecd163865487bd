"""Publishing, rolling back and pruning: a form asks for the edition's name, then comes the change with its audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from broadsheet.errors import BroadsheetError
from broadsheet.newsroom import Newsroom
from broadsheet.operations.editions import beyond, prune, publish_edition, rollback
from broadsheet.service.ops.rendering import page
from broadsheet.service.security.accounts.acts import note
from broadsheet.service.security.accounts.edition_acts import BACK, PRUNED, PUBLISHED
from broadsheet.service.security.caller import Caller, signed_in
from broadsheet.service.security.csrf import checked_csrf
from broadsheet.service.serving.service import Service, Serving

router = APIRouter(include_in_schema=False)

Operator = Annotated[Caller, Depends(signed_in("operations"))]
CHANGES = [Depends(signed_in("operations")), Depends(checked_csrf)]
"""The dependencies of a route that changes something: the order lets a browser that is not signed in sign in first."""
EditionName = Annotated[str, Path(max_length=100)]
Confirm = Annotated[str, Form(max_length=100)]
Keep = Annotated[int, Form(ge=1, le=1_000)]
WRONG_NAME = "The name is not that of the edition. Nothing was changed."


@dataclass(frozen=True)
class Asked:
    """What an operator is asked to confirm."""

    title: str
    action: str
    "The address that the form is sent to."
    button: str
    name: str
    "The name of the edition that has to be typed."
    says: list[str]
    "What will happen, in sentences."
    keep: int = 0
    "How many editions stay, of a pruning; 0 for any other change."


@router.get("/ops/editions/{name}/publish")
def ask_to_publish(request: Request, service: Serving, _: Operator, name: EditionName) -> Response:
    """Return the form that publishes an edition."""
    if not _is_there(service.newsroom, name):
        return page(request, "missing.html", "", 404, title="No such edition", said="")
    return _form(request, _to_publish(name))


@router.post("/ops/editions/{name}/publish", dependencies=CHANGES)
def publish(request: Request, service: Serving, who: Operator, name: EditionName, confirm: Confirm = "") -> Response:
    """Publish an edition, also if it was kept back."""
    if not _is_there(service.newsroom, name):
        return page(request, "missing.html", "", 404, title="No such edition", said="")

    def change() -> None:
        publish_edition(service.newsroom, name)
        note(service.state, who, PUBLISHED, name)

    return _changed(request, service, _to_publish(name), confirm, change, "published")


@router.get("/ops/rollback")
def ask_to_roll_back(request: Request, service: Serving, _: Operator) -> Response:
    """Return the form that goes back to the edition before the current one."""
    return _form(request, _to_roll_back(service.newsroom))


@router.post("/ops/rollback", dependencies=CHANGES)
def roll_back(request: Request, service: Serving, who: Operator, confirm: Confirm = "") -> Response:
    """Make the sound published edition before the current one current again."""
    asked = _to_roll_back(service.newsroom)

    def change() -> None:
        edition = rollback(service.newsroom)
        note(service.state, who, BACK, f"{asked.name} to {edition.name}")

    return _changed(request, service, asked, confirm, change, "back")


@router.get("/ops/prune")
def ask_to_prune(
    request: Request, service: Serving, _: Operator, keep: Annotated[int, Query(ge=1, le=1_000)] = 7
) -> Response:
    """Return the form that removes old editions, and names these editions."""
    return _form(request, _to_prune(service.newsroom, keep))


@router.post("/ops/prune", dependencies=CHANGES)
def prune_editions(
    request: Request, service: Serving, who: Operator, keep: Keep = 7, confirm: Confirm = ""
) -> Response:
    """Remove old editions."""

    def change() -> None:
        lines = prune(service.newsroom, keep)
        note(service.state, who, PRUNED, f"{len(lines)} removed, {keep} kept")

    return _changed(request, service, _to_prune(service.newsroom, keep), confirm, change, "pruned")


def _to_publish(name: str) -> Asked:
    says = ["Its files are checked first. Readers see it within seconds, also if the gate kept it back."]
    return Asked("Publish an edition", f"/ops/editions/{name}/publish", "Publish", name, says)


def _to_roll_back(room: Newsroom) -> Asked:
    current = room.current_name()
    older = [edition for edition in room.editions() if edition.name < current and edition.is_published()]
    back = f"Readers will see {older[-1].name}, if its files are sound." if older else "There is no earlier edition."
    says = [back, "An edition that the gate kept back, or whose files changed, is passed over."]
    return Asked("Roll back", "/ops/rollback", "Roll back", current, says)


def _to_prune(room: Newsroom, keep: int) -> Asked:
    current = room.current_name()
    gone = [edition.name for edition in beyond(room, keep, current)]
    says = [f"Kept: the current edition, the {keep} newest published ones, and the {keep} newest kept back."]
    says += (
        [f"Removed: {', '.join(gone)}. A removed edition cannot be restored."] if gone else ["No edition is removed."]
    )
    return Asked("Prune editions", "/ops/prune", "Remove editions", current, says, keep)


def _is_there(room: Newsroom, name: str) -> bool:
    return any(edition.name == name for edition in room.editions())


def _form(request: Request, asked: Asked, problem: str = "", status: int = 200) -> Response:
    return page(request, "confirm.html", "/ops/editions", status, asked=asked, problem=problem)


def _changed(
    request: Request, service: Service, asked: Asked, confirm: str, change: Callable[[], None], done: str
) -> Response:
    """Make a change that is confirmed, and lead to the list of editions; return the form with what is wrong instead."""
    if confirm.strip() != asked.name:
        return _form(request, asked, WRONG_NAME, 422)
    try:
        change()
    except BroadsheetError as error:
        return _form(request, asked, str(error).replace(f"{service.newsroom.path}", "newsroom"), 409)
    return RedirectResponse(f"/ops/editions?done={done}", 303)

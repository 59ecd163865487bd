"""Editions and experiments, for operators: what there is; publishing, rolling back and pruning, with confirmation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from broadsheet.errors import NewsroomError
from broadsheet.experiments.measure import measure, read_events
from broadsheet.newsroom import Newsroom
from broadsheet.operations.editions import prune, publish_edition, rollback
from broadsheet.operations.status import edition_state
from broadsheet.service.security.accounts.acts import note
from broadsheet.service.security.accounts.edition_acts import BACK, PRUNED, PUBLISHED
from broadsheet.service.security.caller import Caller, needs
from broadsheet.service.security.repeats import ONCE, OnceRoute
from broadsheet.service.serving.answers import answered, send_model
from broadsheet.service.serving.problems import CHANGING, ServiceError, documented
from broadsheet.service.serving.service import Serving

router = APIRouter(prefix="/v1", tags=["operations"], route_class=OnceRoute, dependencies=[ONCE])

OfOperations = Annotated[Caller, Depends(needs("operations"))]
EditionName = Annotated[str, Path(min_length=1, max_length=100, description="The edition's name.")]
ExperimentName = Annotated[str, Path(min_length=1, max_length=200, description="The experiment's name.")]
T = TypeVar("T")


class EditionBody(BaseModel, extra="allow"):
    """An edition, with the figures of `broadsheet status`."""

    edition: str
    current: bool = Field(description="Whether it is the edition that readers see.")
    bytes: int
    problem: str = Field("", description="What is wrong with its files; empty if nothing is.")


class Editions(BaseModel):
    """The editions of the newsroom, the newest first."""

    in_use: str = Field(description="The edition that this process answers from; a new one is taken up in seconds.")
    editions: list[EditionBody]


class Confirmed(BaseModel, extra="forbid"):
    """A change that is confirmed."""

    confirm: str = Field(max_length=100, description="The edition's name, once more; see each route for which.")


class Pruning(Confirmed):
    """A pruning that is confirmed."""

    keep: int = Field(ge=1, le=1_000, description="How many published editions stay, and how many kept back.")


class Done(BaseModel):
    """What a change of editions did."""

    current: str = Field(description="The edition that readers see now.")
    lines: list[str] = Field(description="What was done, and passed over, in words.")


class Experiment(BaseModel):
    """An experiment of the settings."""

    name: str
    kind: Literal["split", "interleaving"]
    start: str = Field(description="Empty if it has begun.")
    end: str = Field(description="Empty for no end.")
    share: float = Field(description="Share of the readers who take part.")
    arms: dict[str, float] = Field(description="The weight of each arm; the first is the control.")


class Experiments(BaseModel):
    """The experiments of the settings."""

    experiments: list[Experiment]


class Measured(BaseModel, extra="allow"):
    """What an experiment found until now, as `broadsheet experiment` writes it; arms alone before the first page."""

    experiment: str
    kind: str
    arms: dict[str, Any]


@router.get("/editions", responses=answered(Editions))
def editions(request: Request, service: Serving, _: OfOperations) -> Response:
    """Return all editions, those that were kept back among them."""
    room, current = service.newsroom, service.newsroom.current()
    found = []
    for one in reversed(room.editions()):
        with suppress(FileNotFoundError):  # a pruning removes it meanwhile
            found.append(_body(room, edition_state(one, current=one == current)))
    return send_model(request, Editions(in_use=service.served.now().edition, editions=found))


@router.get("/editions/current", responses=answered(EditionBody))
def current_edition(request: Request, service: Serving, _: OfOperations) -> Response:
    """Return the edition that readers see."""
    return send_model(request, _body(service.newsroom, edition_state(service.newsroom.current(), current=True)))


def _body(room: Newsroom, state: dict[str, Any]) -> EditionBody:
    found = EditionBody.model_validate(state)
    return found.model_copy(update={"problem": found.problem.replace(f"{room.path}", "newsroom")})


@router.post("/editions/{name}/publish", responses=documented(*CHANGING, 404))
def publish(service: Serving, caller: OfOperations, name: EditionName, sure: Confirmed) -> Done:
    """Make an edition current, even if it was kept back; `confirm` is its name."""
    room = service.newsroom
    if name not in [edition.name for edition in room.editions()]:
        raise ServiceError(404, "No edition has this name. GET /v1/editions lists them.")
    _check(sure.confirm, name)
    published = _done(room, lambda: publish_edition(room, name))
    note(service.state, caller, PUBLISHED, name)
    return Done(current=published.name, lines=[f"published {published.name}"])


@router.post("/editions/rollback", responses=documented(*CHANGING))
def roll_back(service: Serving, caller: OfOperations, sure: Confirmed) -> Done:
    """Make the published edition before the current one current again; `confirm` is the current edition's name."""
    room, lines = service.newsroom, list[str]()
    _check(sure.confirm, room.current_name())
    edition = _done(room, lambda: rollback(room, lines.append))
    note(service.state, caller, BACK, f"{sure.confirm} to {edition.name}")
    return Done(current=edition.name, lines=[*lines, f"back to {edition.name}"])


@router.post("/editions/prune", responses=documented(*CHANGING))
def prune_editions(service: Serving, caller: OfOperations, sure: Pruning) -> Done:
    """Remove old editions; `confirm` is the current edition's name."""
    room = service.newsroom
    _check(sure.confirm, room.current_name())
    lines = _done(room, lambda: prune(room, sure.keep))
    note(service.state, caller, PRUNED, f"{len(lines)} removed, {sure.keep} kept")
    return Done(current=room.current_name(), lines=lines)


def _check(confirm: str, name: str) -> None:
    if confirm != name:
        raise ServiceError(422, "confirm: found another text, expected the name of the edition; see the route.")


def _done(room: Newsroom, change: Callable[[], T]) -> T:
    """Return what a change of editions returns; raises ServiceError 409 with the reason why it could not be made."""
    try:
        return change()
    except NewsroomError as error:
        raise ServiceError(409, str(error).replace(f"{room.path}", "newsroom")) from error


@router.get("/experiments", responses=answered(Experiments))
def experiments(request: Request, service: Serving, _: OfOperations) -> Response:
    """Return the experiments of the settings."""
    found = [
        Experiment(
            name=name,
            arms={arm: one.weight for arm, one in experiment.arms.items()},
            **{field: getattr(experiment, field) for field in ("kind", "start", "end", "share")},
        )
        for name, experiment in service.newsroom.config().experiments.items()
    ]
    return send_model(request, Experiments(experiments=found))


@router.get("/experiments/{name}", responses=answered(Measured, 404))
async def experiment(request: Request, service: Serving, _: OfOperations, name: ExperimentName) -> Response:
    """Return what an experiment found until now, with intervals that stay valid however often you look."""
    room, config = service.newsroom, service.newsroom.config()
    settings = config.experiments.get(name)
    if settings is None:
        raise ServiceError(404, "No experiment of the settings has this name. GET /v1/experiments lists them.")
    found = await service.work(lambda: measure(room, name, settings, read_events(room, config, {name: settings})))
    return send_model(request, Measured.model_validate(found))

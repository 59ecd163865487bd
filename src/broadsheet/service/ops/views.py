"""The pages of the operator's view: now, editions, one edition, drift, experiments."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.operations.build_report import LAST, bars, gate_rows
from broadsheet.operations.status import edition_state
from broadsheet.service.monitoring.monitoring import Watching
from broadsheet.service.ops.charts import drift, spark
from broadsheet.service.ops.experiments import experiment_view
from broadsheet.service.ops.now import groups, latency_rows
from broadsheet.service.ops.readings import Readings
from broadsheet.service.ops.rendering import page
from broadsheet.service.ops.words import bytes_in_words, seconds_in_words
from broadsheet.service.security.accounts.edition_acts import last_changes
from broadsheet.service.security.caller import signed_in
from broadsheet.service.serving.service import Service, Serving

router = APIRouter(include_in_schema=False, dependencies=[Depends(signed_in("operations"))])

DONE = {
    "published": "The edition is published. The service takes it up within seconds.",
    "back": "The earlier edition is current again. The service takes it up within seconds.",
    "pruned": "Old editions are removed.",
}
"""What the page says after a change, by the word in its address."""
EditionName = Annotated[str, Path(max_length=100)]


@router.get("/ops")
def now(request: Request, service: Serving, monitoring: Watching) -> Response:
    """Return the figures of this moment, and the log's last problems."""
    readings = Readings(monitoring.collect())
    age = readings.of("edition_age_seconds")
    return page(
        request,
        "now.html",
        "/ops",
        edition=service.served.now().edition,
        age=None if age is None else seconds_in_words(age),
        alarms=_alarms(service, readings),
        spark=spark(monitoring.rates.rates()),
        groups=groups(readings),
        latencies=latency_rows(readings),
        problems=monitoring.problems.newest_first(),
    )


def _alarms(service: Service, readings: Readings) -> list[str]:
    """Return what keeps the service from its work, in sentences."""
    problem = service.served.problem.replace(f"{service.newsroom.path}", "newsroom")
    said = [problem] if problem else []
    if not readings.of("ready"):
        said.append("No page can be made: the edition in use or its journal cannot be read.")
    if missing := int(readings.total("missing_metric_groups")):
        said.append(f"{missing} groups of figures are missing; the log says why.")
    return said


@router.get("/ops/editions")
def editions(request: Request, service: Serving, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """Return all editions, newest first, with what can be done with each; `done` names the change that led here."""
    room = service.newsroom
    return page(
        request,
        "editions.html",
        "/ops/editions",
        editions=_states(room),
        in_use=service.served.now().edition,
        notice=DONE.get(done, ""),
        changes=last_changes(service.state),
    )


def _states(room: Newsroom) -> list[dict[str, Any]]:
    current, states = room.current_name(), []
    for edition in reversed(room.editions()):
        with suppress(FileNotFoundError):  # a pruning removes it meanwhile
            state = edition_state(edition, current=edition.name == current)
            states.append(state | {"size": bytes_in_words(state["bytes"]), "problem": state.get("problem", "")})
    return states


@router.get("/ops/editions/{name}")
def edition(request: Request, service: Serving, name: EditionName) -> Response:
    """Return one edition: its stages, its gate, its index. The name `latest` is that of the newest edition."""
    found = _named(service.newsroom, name)
    if found is None:
        return page(request, "missing.html", "", 404, title="No such edition", said="")
    try:
        manifest = found.read_manifest()
    except NewsroomError as error:
        return page(request, "missing.html", "", 409, title="The edition cannot be read", said=_shown(service, error))
    here = "/ops/editions/latest" if name == "latest" else "/ops/editions"
    return page(request, "edition.html", here, **_edition_values(service, found, manifest))


def _named(room: Newsroom, name: str) -> Edition | None:
    editions = {edition.name: edition for edition in room.editions()}
    return editions[max(editions)] if name == "latest" and editions else editions.get(name)


def _edition_values(service: Service, edition: Edition, manifest: dict[str, Any]) -> dict[str, Any]:
    index = manifest.get("index", {})
    return {
        "name": edition.name,
        "manifest": manifest,
        "built_at": datetime.fromisoformat(manifest["built_at"]),
        "is_current": edition.name == service.newsroom.current_name(),
        "is_published": manifest.get("published", True),
        "bars": bars(manifest["seconds"]),
        "gate": gate_rows(manifest["gate"]) if "gate" in manifest else [],
        "index": [
            (said, index[key])
            for key, said in (
                ("kind", "kind"),
                ("vectors", "vectors"),
                ("recall@100", "recall@100"),
                ("qps", "queries a second"),
                ("bytes_per_vector", "bytes a vector"),
                ("chosen_by", "chosen because"),
                ("taken_over", "taken over"),
            )
            if index.get(key) not in (None, "")
        ],
    }


@router.get("/ops/drift")
def drifting(request: Request, service: Serving) -> Response:
    """Return how the figures of the gate moved over the last editions."""
    manifests = []
    for each in service.newsroom.editions()[-LAST:]:
        with suppress(NewsroomError):
            manifest = each.read_manifest()
            if "gate" in manifest:  # not of an earlier version
                manifests.append({"published": True} | manifest | {"name": each.name})
    return page(request, "drift.html", "/ops/drift", charts=drift(manifests), count=len(manifests))


@router.get("/ops/experiments")
def experiments(request: Request, service: Serving, monitoring: Watching) -> Response:
    """Return what the experiments found, measured in the last ten minutes."""
    measured = monitoring.experiments.now()
    views = [experiment_view(document) for document in measured.documents]
    problem = measured.problem.replace(f"{service.newsroom.path}", "newsroom")
    return page(
        request, "experiments.html", "/ops/experiments", experiments=views, measured_at=measured.at, problem=problem
    )


def _shown(service: Service, error: BroadsheetError) -> str:
    """Return an error without the folder of the newsroom, which no page names."""
    return str(error).replace(f"{service.newsroom.path}", "newsroom")

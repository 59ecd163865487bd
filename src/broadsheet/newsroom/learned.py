"""Models that learned on: generations of a newsroom's models, one of them in use, and the log of decisions.

models/learned-TIME/    a generation: a folder for each model (towers, attention, fusion), and generation.json
models/learned          a link to the generation in use
models/towers           a link to learned/towers, and so for each other model that learned on
models/learning.jsonl   a line for each decision, the newest last

All models are switched by replacing the one link `learned`. A generation shares no folder with another: its files are
hard links where a model stayed as it was. A later `broadsheet train towers` puts a folder of its own in place of the
link models/towers, which leaves the generations alone.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadsheet.errors import NewsroomError
from broadsheet.newsroom.newsroom import Newsroom
from broadsheet.tables.files import former_of, link_or_copy, remove_folder, replace_link, sync_folder, write_json

NAMES = ("towers", "attention", "fusion")
"""The models that can learn on, as their folders are called."""
GENERATION = "generation.json"
_LINK, _LOG, _PREFIX = "learned", "learning.jsonl", "learned-"
Decision = dict[str, Any]


def promote(newsroom: Newsroom, champions: Mapping[str, Path], challengers: Mapping[str, Path]) -> Path:
    """Put the challengers in place of the champions of their names in one atomic step, and return the generation.

    `champions` are the folders in use, by name; `challengers` are new folders, which are used up. The champions are
    kept as the generation before, to which `take_back` returns; generations before that are removed. The caller holds
    the newsroom's lock. A process that is killed here leaves the champions or the challengers in use, never a mixture.
    """
    in_use = {name: (_models(newsroom) / name).resolve() for name in NAMES if _is_linked(newsroom, name)}
    champions = {**in_use, **champions}  # a model that is switched off just now keeps its place
    former = _in_use(newsroom, champions) or _first(newsroom, champions)
    made = _new_folder(newsroom)
    for name, folder in champions.items():
        if name in challengers:
            challengers[name].rename(made / name)
        else:
            _copy(folder if folder.is_dir() else former / name, made / name)
    _finish(made, {"former": former.name, "promoted": [*challengers]})
    replace_link(_models(newsroom) / _LINK, Path(made.name))
    _remove_others(newsroom, made, former)
    return made


def take_back(newsroom: Newsroom) -> tuple[str, list[str]]:
    """Put the generation before the one in use in its place; return its name and the models that changed.

    Raises NewsroomError if no model learned on, if there is no generation before, if every model of the generation was
    trained anew since, or if another build or training is at work.
    """
    with newsroom.lock():
        link = _models(newsroom) / _LINK
        found = _read(link / GENERATION)
        former, promoted = _models(newsroom) / str(found.get("former") or "-"), map(str, found.get("promoted", []))
        names = [name for name in promoted if _is_linked(newsroom, name)]
        if not names or not former.joinpath(GENERATION).is_file():
            why = "no model learned on yet" if not link.is_symlink() else "the models in use did not learn on"
            if names:
                why = f"{former.name}, the models before, is gone, since only the generation before a switch is kept"
            raise NewsroomError(f"{_models(newsroom)}: there is nothing to take back: {why}.")
        replace_link(link, Path(former.name))
        log_decision(newsroom, {"undone": names, "back_to": former.name})
    return former.name, names


def log_decision(newsroom: Newsroom, decision: Decision) -> None:
    """Add a decision to the log, with the time `at`; on the disk when the call returns."""
    line = json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **decision}, ensure_ascii=False)
    path = _models(newsroom) / _LOG
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as log:
        # A line that a kill cut short gets its end first, so that it spoils no other line.
        start = b"\n" if log.tell() and path.read_bytes()[-1:] != b"\n" else b""
        log.write(start + line.encode() + b"\n")
        log.flush()
        os.fsync(log.fileno())


def last_decision(newsroom: Newsroom) -> Decision | None:
    """Return the newest whole decision of the log; None if there is none."""
    return next(_decisions(newsroom), None)


def decided_until(newsroom: Newsroom) -> str | None:
    """Return the time, in ISO format, of the last impression that a decision looked at; None if there is none."""
    return next((str(one["until"]) for one in _decisions(newsroom) if "until" in one), None)


def _decisions(newsroom: Newsroom) -> Iterator[Decision]:
    """Yield the whole lines of the log, the newest first."""
    try:
        lines = (_models(newsroom) / _LOG).read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in reversed(lines):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                yield found


def _models(newsroom: Newsroom) -> Path:
    return newsroom.path / "models"


def _in_use(newsroom: Newsroom, champions: Mapping[str, Path]) -> Path | None:
    """Return the generation in use if all champions are of it."""
    link = _models(newsroom) / _LINK
    if not link.joinpath(GENERATION).is_file() or not all(_is_linked(newsroom, name) for name in champions):
        return None
    return link.resolve()


def _is_linked(newsroom: Newsroom, name: str) -> bool:
    link = _models(newsroom) / name
    return link.is_symlink() and Path(os.readlink(link)) == Path(_LINK) / name  # noqa: PTH115


def _first(newsroom: Newsroom, champions: Mapping[str, Path]) -> Path:
    """Make a generation of the champions and put it in use, which changes no model; return it."""
    made = _new_folder(newsroom)
    for name, folder in champions.items():
        _copy(folder, made / name)
    _finish(made, {"former": "", "promoted": []})
    replace_link(_models(newsroom) / _LINK, Path(made.name))
    for name, folder in champions.items():
        own = _models(newsroom) / name
        if own.is_dir() and not own.is_symlink():  # a folder that was put there by hand, which no link can replace
            own.rename(former_of(own))
        replace_link(own, Path(_LINK) / name)
        if folder.parent == _models(newsroom).resolve() and folder.name.startswith(f"{name}-"):
            remove_folder(folder)
        remove_folder(former_of(own))
    return made


def _copy(source: Path, target: Path) -> None:
    """Copy a folder by hard links, where the disk has them."""
    shutil.copytree(source, target, copy_function=lambda *paths: link_or_copy(*map(Path, paths)))


def _new_folder(newsroom: Newsroom) -> Path:
    folder = _models(newsroom) / f"{_PREFIX}{datetime.now(UTC):%Y-%m-%dT%H-%M-%S.%fZ}"
    folder.mkdir(parents=True)
    return folder


def _finish(folder: Path, about: Mapping[str, Any]) -> None:
    """Write what says that a generation is whole, the last file of its folder."""
    write_json(folder / GENERATION, dict(about))
    sync_folder(folder)


def _remove_others(newsroom: Newsroom, *kept: Path) -> None:
    for folder in _models(newsroom).glob(f"{_PREFIX}*"):
        if folder.name not in {one.name for one in kept}:
            remove_folder(folder)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}

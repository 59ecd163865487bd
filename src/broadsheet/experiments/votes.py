"""What an interleaved experiment found: votes for each arm by clicks, over readers, valid at every look."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.experiments import ExperimentConfig
from broadsheet.experiments.interleaving import FIRST, SECOND, votes
from broadsheet.experiments.logged import ArmPages, clicked_articles, in_force, pages_of
from broadsheet.experiments.looks import look_times, rates_at
from broadsheet.experiments.results import LEAST_ACTS, LEAST_READERS, numbers
from broadsheet.experiments.statistics.mixture import p_value, radius
from broadsheet.tables.arrays import Flags, Floats
from broadsheet.tables.arrow_files import epoch_seconds

SCALE = 0.1
"""The surplus of votes, of 1, that the sequence is tightest for."""


def votes_of(name: str, experiment: ExperimentConfig, events: pa.Table) -> dict[str, Any]:
    """Return what an interleaved experiment found, as JSON holds it, by events with the columns of `read_logged`.

    A page whose clicks are more of the one arm is a vote for this arm. `surplus` is the share of votes for the second
    arm less that for the first, ties included, from -1 to 1.
    """
    events = in_force(events)
    pages = pages_of(events, name)
    drafted = pages.filter(pc.match_substring_regex(pages.column("arm"), f"^[{FIRST}{SECOND}-]+$"))
    score, clicked = _scores(events, drafted)
    arms = list(experiment.arms)
    document: dict[str, Any] = {
        "experiment": name,
        "kind": experiment.kind,
        "start": experiment.start,
        "end": experiment.end,
        "arms": arms,
        "readers": pc.count_distinct(drafted.column("user_id")).as_py(),
        "pages": len(drafted),
        "votes": {
            arms[0]: int((score < 0).sum()),
            arms[1]: int((score > 0).sum()),
            "tied": int((clicked & (score == 0)).sum()),
        },
    }
    if not clicked.any():
        return document
    voted = drafted.filter(pa.array(clicked))
    user = voted.column("user_id").combine_chunks().dictionary_encode()
    together = np.zeros(len(user.dictionary), np.int64)  # all readers are in one arm, which is both
    at = epoch_seconds(voted.column("time"))
    times = look_times(at)
    looks = rates_at(ArmPages(user.indices.to_numpy(), at, together, 1), times, score[clicked])
    enough = (looks.readers[:, 0] >= LEAST_READERS) & (np.searchsorted(at, times, side="right") >= LEAST_ACTS)
    least = 1 / looks.pages[:, 0]  # of readers who all agree: the error of one vote more
    mean, error = looks.mean[:, 0], np.where(enough, np.maximum(looks.error[:, 0], least), np.nan)
    reach = radius(error, SCALE)
    drawn = [numbers(mean=at, low=at - by, high=at + by) for at, by in zip(mean, reach, strict=True)]
    surplus = {**drawn[-1], "p": float(p_value(mean, error, SCALE)[-1]), "looks": drawn}
    return document | {"times": times.tolist(), "surplus": surplus}


def _scores(events: pa.Table, pages: pa.Table) -> tuple[Floats, Flags]:
    """Return for each page 1, 0 or -1, by which arm has more of its clicks, and whether any vote was cast on it."""
    slots: dict[int, list[int]] = {}
    clicks = clicked_articles(events, pages)
    shown, teams = pages.column("shown"), pages.column("arm").to_pylist()
    for page, news_id in zip(clicks.column("page").to_pylist(), clicks.column("news_id").to_pylist(), strict=True):
        ids = shown[page].as_py()
        if news_id in ids:
            slots.setdefault(page, []).append(ids.index(news_id) + 1)
    score, cast = np.zeros(len(pages)), np.zeros(len(pages), np.bool_)
    for page, clicked in slots.items():
        score[page] = np.sign(votes(teams[page], clicked))
        cast[page] = any(teams[page][slot - 1 : slot] in (FIRST, SECOND) for slot in clicked)
    return score, cast

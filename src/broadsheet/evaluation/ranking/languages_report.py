"""The report of the benchmark of two languages: document, tables and plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import read_split
from broadsheet.evaluation.ranking.languages import (
    TRAIN,
    TUNE,
    VALID,
    Measured,
    in_both,
    make_room,
    open_measured,
    ranked_by,
    read_titles,
    train_all,
)
from broadsheet.evaluation.report.document import SAMPLES, common, differences_of
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import about, notes, table_of_differences, table_of_means
from broadsheet.evaluation.report.plots import plot_rows
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.metrics.ranking import mean_scores
from broadsheet.newsroom import Newsroom
from broadsheet.offline.replay import SEEDS, Values, mean_of
from broadsheet.offline.workbenches import describe_towers
from broadsheet.progress import Say

ENGLISH, ENCODER, DEFAULT = "English", "asset:e5", "asset:minilm"
METRICS = ("auc", "mrr", "ndcg@5", "ndcg@10")


@dataclass(frozen=True)
class Languages:
    """What the towers made of the same impressions in both languages."""

    other: str
    "The language that is compared with English."
    rows: Mapping[str, Values]
    comparisons: Sequence[tuple[str, str]]
    notes: Mapping[str, str]
    runs: Mapping[str, Sequence[Mapping[str, float]]]
    "The means of each seed, of the rows that depend on chance."
    towers: Sequence[Mapping[str, Any]]
    english: Measured
    "The newsroom of English titles, with untrained towers."


def measure_languages(source: Newsroom, titles: Path, other: str, work: Path, encoder: str, say: Say) -> Report:
    """Measure MIND's articles by English titles against those of a file of xMIND in the language `other`.

    The newsrooms of both languages, their vectors and trained towers are made in the folder `work` and used again.
    """
    source.require()
    both = dict(zip((ENGLISH, other), in_both(source, read_titles(titles)), strict=True))
    made = {
        (language, name): make_room(
            source, found, work / f"{language}-{Path(name).name}".lower().replace(":", "-"), name
        )
        for language, found in both.items()
        for name in (encoder, DEFAULT)
    }
    rooms = {language: made[language, encoder] for language in both}
    trained = {
        language: train_all(room, work / f"{language}-towers".lower(), SEEDS, say) for language, room in rooms.items()
    }
    return report_languages(describe_languages(_measure(rooms, trained, made, other, say), source))


def _measure(
    rooms: Mapping[str, Newsroom],
    trained: Mapping[str, Sequence[Path]],
    made: Mapping[tuple[str, str], Newsroom],
    other: str,
    say: Say,
) -> Languages:
    plain = {language: open_measured(room, say=say) for language, room in rooms.items()}
    rows = {f"{language}, untrained": ranked_by(one, one) for language, one in plain.items()}
    mixed = [(ENGLISH, other), (other, ENGLISH)]
    rows |= {_crossed(a, b, "untrained"): ranked_by(plain[a], plain[b]) for a, b in mixed}
    runs: dict[str, list[Values]] = {}
    towers = []
    for language, folders in trained.items():
        (stranger,) = set(rooms) - {language}
        for folder in folders:
            own = open_measured(rooms[language], str(folder), say)
            runs.setdefault(f"{language}, trained", []).append(ranked_by(own, own))
            runs.setdefault(_crossed(language, stranger, "trained"), []).append(ranked_by(own, plain[stranger]))
            there = open_measured(rooms[stranger], str(folder), say)
            runs.setdefault(f"{stranger}, trained on {language}", []).append(ranked_by(there, there))
            towers.append(describe_towers(language, own.bench.models))
    rows |= {row: mean_of(found) for row, found in runs.items()}
    for language in rooms:
        one = open_measured(made[language, DEFAULT], say=say)
        rows[f"{language}, all-MiniLM-L6-v2"] = ranked_by(one, one)
    return Languages(
        other,
        rows,
        _comparisons(other),
        _notes(other),
        {row: list(map(mean_scores, found)) for row, found in runs.items()},
        towers,
        plain[ENGLISH],
    )


def _crossed(readers: str, articles: str, towers: str) -> str:
    return f"{readers} history, {articles} articles, {towers}"


def _comparisons(other: str) -> list[tuple[str, str]]:
    found = []
    for towers in ("untrained", "trained"):
        english = f"{ENGLISH}, {towers}"
        found += [(f"{other}, {towers}", english), (_crossed(ENGLISH, other, towers), english)]
        found += [(_crossed(other, ENGLISH, towers), english)]
    found += [(f"{language}, trained", f"{language}, untrained") for language in (ENGLISH, other)]
    found += [(f"{other}, trained on {ENGLISH}", f"{other}, untrained")]
    return found + [(f"{language}, untrained", f"{language}, all-MiniLM-L6-v2") for language in (ENGLISH, other)]


def _notes(other: str) -> dict[str, str]:
    return {
        "untrained": "the user tower is the normalised mean of the vectors of the titles read",
        "trained": f"the user tower learned from the clicks of {TRAIN} in the language of the histories, its epoch "
        f"chosen on {TUNE}; mean of {len(SEEDS)} seeds, impression by impression",
        f"{other}, trained on {ENGLISH}": "the user tower learned from English titles alone",
        "all-MiniLM-L6-v2": f"the default encoder for English, untrained, which does not read {other}",
    }


def describe_languages(found: Languages, source: Newsroom) -> dict[str, Any]:
    """Return a document that JSON can hold: rows with intervals, paired differences, data, models, versions."""
    bench, users = found.english.bench, [one.user_id for one in found.english.impressions]
    split = read_split(bench.data.newsroom, bench.data.catalogue, VALID)
    bootstrap = Bootstrap(users, np.random.default_rng(0), SAMPLES)
    rows = {row: {metric: values[metric] for metric in METRICS} for row, values in found.rows.items()}
    document = common(
        "languages", bench.data, bench.models, split, users, setting="content-only", towers=list(found.towers)
    )
    document["data"]["newsroom"] = source.path.name
    return {
        **document,
        "other": found.other,
        "seeds": list(SEEDS),
        "notes": dict(found.notes),
        "rows": {row: bootstrap.intervals(values) for row, values in rows.items()},
        "differences": differences_of(bootstrap, rows, found.comparisons),
        "runs": {row: [dict(one) for one in means] for row, means in found.runs.items()},
        "remarks": [
            "Articles: those with a title in both languages. Histories and lists are cut to them; an impression stays "
            "if its reader has a history and it shows a clicked article and another. The towers read titles alone: no "
            "abstract and no category.",
            f"Titles in {found.other}: xMIND, translated from English by a machine.",
        ],
    }


def report_languages(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables, what was measured, and a plot."""
    other, rows = document["other"], document["rows"]
    lines = [f"# {ENGLISH} and {other} titles of the same articles", ""]
    lines += [*table_of_means("titles and towers", rows, METRICS), ""]
    lines += [*table_of_differences(document["differences"]), ""]
    lines += ["## What was measured", "", *about(document), "", *notes(document["notes"])]
    title = f"{ENGLISH} and {other} titles on {document['data']['split']}"
    name = f"languages-{other.lower()}"
    return Report(name, document, lines, {"": lambda path: plot_rows(rows, f"{other}, trained", title, path)})

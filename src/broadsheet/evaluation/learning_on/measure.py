"""What learning on reaches day by day, and training anew each day, and models that stay as they were.

On each day the models are those of the evening before: the next day is measured. The counts of clicks and showings are
as of each impression for all.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.errors import CorpusError
from broadsheet.evaluation.learning_on.rooms import Days, copy_room, read_days, set_splits
from broadsheet.metrics.ranking import Impressions, ranking_metrics
from broadsheet.newsroom import Newsroom
from broadsheet.offline.replay import Values
from broadsheet.offline.signals import impression_counts, scores_by
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.progress import Say
from broadsheet.rerank.signals import fuse
from broadsheet.tables.arrays import Floats
from broadsheet.tables.files import remove_folder
from broadsheet.training.attention import train_attention
from broadsheet.training.learning_on.learn import learn
from broadsheet.training.learning_on.new_impressions import read_pool
from broadsheet.training.tower_measure import TowersMeasure
from broadsheet.training.towers import new_model, train_towers
from broadsheet.workbench.workbench import Workbench

ON, ANEW, KEPT = "learning on each day", "trained anew each day", "as trained before the first day"
TOWERS, ATTENTION, BOTH = "user tower", "attentive scorer", "both, by their weights"
TUNE = 0.1
"""Share of the last day that a training anew chooses its epoch on."""


@dataclass
class DailyLearning:
    """What was found, row by row."""

    bench: Workbench
    impressions: list[Impression] = field(default_factory=list)
    "Those of all measured days, one day after the other."
    days: list[int] = field(default_factory=list)
    "The day of each of them."
    values: dict[str, dict[str, list[Values]]] = field(default_factory=dict)
    "For each row and part the metrics of the impressions, a day after the other."
    seconds: dict[str, dict[int, Sequence[float]]] = field(default_factory=dict)
    "For each row and day the seconds that it took until the models were ready: of the clock, and of the processor."
    decisions: dict[int, dict[str, Any]] = field(default_factory=dict)
    "What learning on decided before each day."


def measure_days(newsroom: Newsroom, first: int, share: float, work: Path, say: Say) -> DailyLearning:
    """Train models before day `first`, and measure each day after it; day 0 begins with the first impression.

    On day `first` itself all rows have the same models, so it would only make their differences smaller. `share` is the
    part of the readers whose impressions are learned from and measured; `work` is a folder for the copies. Raises
    CorpusError if there are fewer than three days, or if no day follows day `first`.
    """
    days = read_days(newsroom, share)
    there = [day for day in range(max(1, first), days.count) if (days.day == day).any()]
    if len(there) < 2:
        raise CorpusError(
            f"--first {first}: found impressions of {len(there)} days from this day on, expected 2 or more: on the "
            "first of them models learn, and the others are measured. Name an earlier day."
        )
    prepare_vectors(newsroom, say)
    remove_folder(work / "kept")
    on, anew = copy_room(newsroom, work / "on"), copy_room(newsroom, work / "anew")
    found: DailyLearning | None = None
    for day in there:
        past, later = days.before(day), days.since(day)
        tune = max(1, round(TUNE * int((days.day == days.day[len(past) - 1]).sum())))
        cut = len(past) - tune
        set_splits(anew, {"train": past.slice(0, cut), "tune": past.slice(cut), "later": later})
        set_splits(on, {"past": past, "later": later})
        took: dict[str, Sequence[float]] = {ANEW: _timed(partial(_train, anew, say))[1:]}
        decision: dict[str, Any] = {"why": "trained for the first time"}
        if found is None:
            shutil.copytree(anew.path / "models", on.path / "models", symlinks=True)
            shutil.copytree(anew.path / "models", work / "kept", symlinks=True)
        else:
            decision, *took[ON] = _timed(partial(learn, on, until=past["time"][-1].as_py(), say=say))
            say(f"day {day + 1}: {decision['why']}")
        bench = prepare_vectors(on, say)
        found = found or DailyLearning(bench)
        found.decisions[day] = decision
        for row, seconds in took.items():
            found.seconds.setdefault(row, {})[day] = seconds
        if day != there[0]:
            folders = {ON: on.path / "models", ANEW: anew.path / "models", KEPT: work / "kept"}
            _measure(found, bench, days, day, folders)
    assert found is not None  # there are two days
    return found


def _train(room: Newsroom, say: Say) -> None:
    remove_folder(room.path / "models")
    train_towers(room, train="train", valid="tune", sources=False, say=say)
    train_attention(room, train="train", valid="tune", say=say)


def _timed(task: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what a task returns, and the seconds that it took, of the clock and of the processor."""
    started, processor = time.perf_counter(), time.process_time()
    result = task()
    return result, time.perf_counter() - started, time.process_time() - processor


def _measure(found: DailyLearning, bench: Workbench, days: Days, day: int, folders: dict[str, Path]) -> None:
    pool = read_pool(bench.data.newsroom, bench.data.catalogue, ["later"])
    count = int((days.day == day).sum())
    impressions = pool.until(pool.table["time"][count - 1].as_py()).read()
    counts = impression_counts(bench, impressions, bench.models.config.attention.counters)
    for row, folder in folders.items():
        for part, scores in _scores(bench, folder, impressions, counts).items():
            found.values.setdefault(row, {}).setdefault(part, []).append(_metrics(scores, impressions))
    found.impressions += impressions
    found.days += [day] * len(impressions)


def _scores(
    bench: Workbench, models: Path, impressions: Sequence[Impression], counts: Sequence[Floats]
) -> dict[str, Floats]:
    """Return the scores of what was shown by the models of a folder (shown,)."""
    from broadsheet.rerank.attentive_scorer.trained import load_attention
    from broadsheet.retrieval.towers.trained import load_user_tower

    history, dim = bench.models.config.retrieval.history, bench.models.news_tower.dim
    tower = load_user_tower(models / "towers", bench.models.encoder, dim, history=history)
    model = new_model(bench.data, bench.models, [], "frozen", tower)
    towers = np.asarray(TowersMeasure(impressions, history=history, tokenise=None).scores(model), np.float64)
    attention = scores_by(load_attention(models / "attention"), bench, impressions, counts)
    signals = {"two_tower": towers, "attention": attention}
    weights = {name: bench.models.signal_weights[name] for name in signals}
    return {TOWERS: towers, ATTENTION: attention, BOTH: fuse(signals, weights)}


def _metrics(scores: Floats, impressions: Sequence[Impression]) -> Values:
    clicked = np.array([hit for one in impressions for hit in one.clicked], np.bool_)
    return ranking_metrics(Impressions(scores, clicked, np.cumsum([0, *(len(one.shown) for one in impressions)])))

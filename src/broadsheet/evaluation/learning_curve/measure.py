"""The learning curve: what towers and the attentive scorer reach when they learn from a part of the impressions.

Only what the models learn from is cut. The articles, the histories of the measured readers, and the counts of clicks
and showings are those of the whole corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from broadsheet.corpus.impressions import Impression, Split, read_rankable, read_split, require_splits
from broadsheet.evaluation.ranking.fusion import requests_of
from broadsheet.evaluation.ranking.scores import tower_scores
from broadsheet.metrics.ranking import Impressions, ranking_metrics
from broadsheet.newsroom import Newsroom
from broadsheet.offline.replay import SEEDS, UNTRAINED, Values, mean_of
from broadsheet.offline.signals import impression_counts, scores_by
from broadsheet.offline.workbenches import open_bench, prepare_vectors
from broadsheet.progress import Say
from broadsheet.rerank.signals import fuse
from broadsheet.tables.arrays import Floats
from broadsheet.training.attention import train_attention
from broadsheet.training.towers import train_towers
from broadsheet.workbench.workbench import Workbench

SHARES = (1 / 8, 1 / 4, 1 / 2, 1.0)
TOWERS, SCORER, BOTH = "frozen towers", "attentive scorer", "towers and scorer, by their weights"
NOTES = {
    UNTRAINED: "inner product alone, of towers that nobody trained",
    TOWERS: "inner product alone, of a user tower that learned from the share; mean over three seeds",
    SCORER: "the attentive scorer alone, which learned from the share; mean over three seeds",
    BOTH: "the weighted sum of the two signals, with the newsroom's weights; mean over three seeds",
}


@dataclass(frozen=True)
class Curve:
    """What was reached with each share."""

    bench: Workbench
    "With untrained towers."
    split: Split
    impressions: Sequence[Impression]
    "Those of the split that are measured."
    clicks: Mapping[float, int]
    "For each share of the impressions the same share of the clicks; a seed draws a few more or fewer."
    rows: Mapping[str, Mapping[float, Values]]
    "For each row and share the metrics of each impression, the mean over the seeds."
    runs: Mapping[str, Mapping[float, Sequence[Values]]]
    "The same for each seed."


def measure_curve(newsroom: Newsroom, train: str, tune: str, valid: str, work: Path, say: Say) -> Curve:
    """Train on each share of `train`, three seeds each, and measure on `valid`, content-only.

    Trained models are put in the folder `work`; models that are there already are taken as they are.
    """
    require_splits(newsroom, train, tune, valid)
    prepare_vectors(newsroom, say)
    bench = open_bench(newsroom, say, towers="untrained")
    split = read_split(newsroom, bench.data.catalogue, valid)
    [(view, impressions)] = requests_of(bench, split, lent=False)
    counts = impression_counts(view, impressions, "live")  # the view knows nothing of the split itself
    untrained = _metrics(tower_scores(bench, impressions), impressions)
    rows: dict[str, dict[float, Values]] = {row: {} for row in NOTES}
    runs: dict[str, dict[float, list[Values]]] = {row: {} for row in (TOWERS, SCORER, BOTH)}
    for share in SHARES:
        for seed in SEEDS:
            towers, scorer = (work / f"{kind}-{share:g}-{seed}" for kind in ("towers", "scorer"))
            _train(newsroom, train, tune, share, seed, (towers, scorer), say)
            for row, scores in _scores(newsroom, towers, scorer, impressions, counts, say).items():
                runs[row].setdefault(share, []).append(_metrics(scores, impressions))
        rows[UNTRAINED][share] = untrained
        for row, several in runs.items():
            rows[row][share] = mean_of(several[share])
    learned = read_rankable(newsroom, bench.data.catalogue, train)
    clicks = sum(len(one.clicked_rows) for one in learned)
    return Curve(view, split, impressions, {share: round(share * clicks) for share in SHARES}, rows, runs)


def _train(
    newsroom: Newsroom, train: str, tune: str, share: float, seed: int, folders: tuple[Path, Path], say: Say
) -> None:
    trainings: tuple[Callable[..., str], ...] = (partial(train_towers, sources=False), train_attention)
    for learn, folder in zip(trainings, folders, strict=True):
        if not (folder / "card.json").is_file():
            say(learn(newsroom, train=train, valid=tune, seed=seed, share=share, out=folder, say=say))


def _scores(
    newsroom: Newsroom,
    towers: Path,
    scorer: Path,
    impressions: Sequence[Impression],
    counts: Sequence[Floats],
    say: Say,
) -> dict[str, Floats]:
    """Return the scores of what was shown by towers, scorer and both (shown,)."""
    from broadsheet.rerank.attentive_scorer.trained import load_attention

    bench = open_bench(newsroom, say, towers=str(towers.resolve()))
    attention = scores_by(load_attention(scorer), bench, impressions, counts)
    signals = {"two_tower": tower_scores(bench, impressions), "attention": attention}
    weights = {name: bench.models.signal_weights[name] for name in signals}
    return {TOWERS: signals["two_tower"], SCORER: attention, BOTH: fuse(signals, weights)}


def _metrics(scores: Floats, impressions: Sequence[Impression]) -> Values:
    clicked = np.array([hit for one in impressions for hit in one.clicked], np.bool_)
    return ranking_metrics(Impressions(scores, clicked, np.cumsum([0, *(len(one.shown) for one in impressions)])))

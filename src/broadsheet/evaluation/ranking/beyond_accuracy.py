"""Metrics of rankings beyond accuracy: variety of the first places, likeness to the history, and novelty.

Measured on the articles that impressions showed, in the order of each row's scores. The reader's history is what the
re-ranker reads of it: the newest articles that have text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.impressions import Impression
from broadsheet.evaluation.ranking.fusion import Request
from broadsheet.evaluation.retrieval.measure import Measured, mean_measured, moments
from broadsheet.metrics.diversity import category_coverage, intra_list_distance, miscalibration
from broadsheet.metrics.labels import Labels, labels_of, number_labels
from broadsheet.metrics.mind_submission import ranks_of
from broadsheet.metrics.radio import Spread, radio
from broadsheet.metrics.retrieval import exposure, gini, novelty, self_information
from broadsheet.offline.replay import ClicksBefore, Values
from broadsheet.tables.arrays import Floats, Integers

KS = (5, 10)
"""Numbers of first places that are measured."""
DISTANCE, DIVERGENCE, CATEGORIES = "distance", "miscalibration", "categories"
WITHIN = {
    DISTANCE: "mean of 1 - the inner product over all pairs of the first k articles, 0 to 2",
    DIVERGENCE: "Kullback-Leibler divergence (Steck 2018, smoothing 0.01) of the first k articles' categories from "
    "those of the history, 0 to 4.6, less is better; readers without a known category are left out",
}
COVERAGE, NOVELTY, GINI = "category coverage", "novelty", "gini"
DEFINITIONS = {
    f"{DISTANCE}@k": WITHIN[DISTANCE],
    f"{DIVERGENCE}@k": WITHIN[DIVERGENCE],
    f"{COVERAGE}@k": "share of the articles' categories that stand among the first k, 0 to 1",
    f"{NOVELTY}@k": "mean over the first k of -log2 of an article's share of the clicks before the impression, each "
    "plus one, in bits",
    f"{GINI}@k": "Gini index of how often the articles that were shown stand among the first k: 0 equal, 1 one article "
    "alone; of all impressions together",
    "fragmentation@k": "RADio: Jensen-Shannon divergence of the first k articles from those of five other impressions "
    "drawn at random, by rank, 0 to 1; by article, since no stories are known",
    "calibration, category@k": "RADio: Jensen-Shannon divergence of the first k articles' categories from those of the "
    "history, newest first, both by rank, 0 to 1",
    "from pool, category@k": "the same from the categories of all that the impression showed, which have no ranks",
}
"""Definition of each metric; k is 5 and 10."""


def within_lists(lists: Integers, k: int, vectors: npt.NDArray[np.float32], labels: Labels, read: Labels) -> Values:
    """Return distance@k, miscalibration@k and categories@k, the number of known ones, of each list.

    `lists` are article rows (requests, at least k), -1 for none, `vectors` of all articles; `labels` are the categories
    of the lists (requests, at least k), and `read` those of the histories.
    """
    return {
        f"{DISTANCE}@{k}": intra_list_distance(lists[:, :k], vectors),
        f"{DIVERGENCE}@{k}": miscalibration(labels[:, :k], read),
        f"{CATEGORIES}@{k}": category_coverage(labels[:, :k], 1),
    }


def newest_read(impressions: Sequence[Impression], history: int) -> Integers:
    """Return the catalogue rows of each reader's last `history` articles (impressions, history), newest first.

    A shorter history is filled up with -1.
    """
    read = np.full((len(impressions), history), -1, np.int64)
    for line, impression in zip(read, impressions, strict=True):
        newest = impression.history_rows[::-1][: len(line)]
        line[: len(newest)] = newest
    return read


@dataclass(frozen=True)
class Served:
    """The articles that impressions showed, and their readers' histories."""

    rows: Integers
    "The shown articles' rows, laid end to end. (shown,)"
    offsets: Integers
    "Where each impression starts; last, where the last one ends. (impressions + 1,)"
    information: Floats
    "Self-information of each shown article by the clicks before its impression, in bits. (shown,)"
    read: Labels
    "Categories of the history, newest first. (impressions, history)"
    vectors: npt.NDArray[np.float32]
    "Of all articles, unit length. (articles, dim)"
    categories: Integers
    "The number of each article's category, -1 where unknown. (articles,)"


def read_served(requests: Sequence[Request]) -> Served:
    """Return what impressions showed, each with the clicks that its workbench knows of."""
    bench = requests[0][0]
    impressions = [impression for _, part in requests for impression in part]
    categories = number_labels(bench.data.catalogue.category)
    information = []
    for view, part in requests:
        clicks_before = ClicksBefore(view.data.clicks, len(bench.data.catalogue))
        for time, stretch in moments(part):
            shown = [row for impression in part[stretch] for row in impression.shown_rows]
            information.append(self_information(clicks_before(time))[shown])
    return Served(
        np.array([row for one in impressions for row in one.shown_rows], np.int64),
        np.cumsum([0, *(len(impression.shown) for impression in impressions)]),
        np.concatenate(information),
        labels_of(newest_read(impressions, bench.models.config.retrieval.history), categories),
        bench.data.catalogue.vectors.whole(),
        categories,
    )


def measure_beyond(scores: Mapping[str, Sequence[Floats]], served: Served) -> dict[str, Measured]:
    """Return each metric of DEFINITIONS of each row, of one or several arrays of scores (shown,): mean over them."""
    return {
        row: mean_measured([_measure(first_places(ours, served.offsets, max(KS)), served) for ours in several])
        for row, several in scores.items()
    }


def first_places(scores: Floats, offsets: Integers, k: int) -> Integers:
    """Return where the k best of each impression stand in scores (shown,): (impressions, k), best first, -1 for none.

    Ties go to the article shown later, as in the ranking metrics.
    """
    places = np.full((len(offsets) - 1, k), -1, np.int64)
    ranks = ranks_of(scores, offsets)
    kept = np.flatnonzero(ranks <= k)
    owners = np.repeat(np.arange(len(places)), np.diff(offsets))
    places[owners[kept], ranks[kept] - 1] = kept
    return places


def _measure(places: Integers, served: Served) -> Measured:
    lists = labels_of(places, served.rows)
    labels, pools = labels_of(lists, served.categories), _pools(served)
    members, kinds = np.unique(served.rows), int(served.categories.max(initial=-1)) + 1
    values: Values = {}
    whole: dict[str, float] = {}
    for k in KS:
        values |= within_lists(lists, k, served.vectors, labels, served.read)
        values[f"{COVERAGE}@{k}"] = values.pop(f"{CATEGORIES}@{k}") / max(kinds, 1)
        values[f"{NOVELTY}@{k}"] = novelty(places, k, served.information)
        spread = Spread(labels[:, :k], served.read, pools)
        diverging = radio({"category": spread}, lists[:, :k], np.random.default_rng(0))
        values |= {f"{name}@{k}": value for name, value in diverging.items()}
        whole[f"{GINI}@{k}"] = gini(exposure(lists, k, len(served.categories))[members])
    return Measured(values, {}, whole)


def _pools(served: Served) -> Labels:
    """Return the categories of all that each impression showed (impressions, most shown), -1 for none."""
    lengths = np.diff(served.offsets)
    there = np.arange(lengths.max(initial=0)) < lengths[:, None]
    pools = np.full(there.shape, -1, np.int64)
    pools[there] = served.categories[served.rows]
    return pools

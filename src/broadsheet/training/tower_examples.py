"""What the towers learn from: the clicks of a split, its readers' histories, hard negatives and a teacher's opinion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.impressions import Impression
from broadsheet.errors import CorpusError
from broadsheet.retrieval.training.examples import Example, Reader
from broadsheet.workbench.workbench import Workbench

Items = list[Example | Reader]


def read_items(bench: Workbench, labelled: list[Impression], split: str) -> Items:
    """Return the clicks of a split by readers with a history, and the readers whose histories have next clicks.

    Raises CorpusError, naming the split, if there are neither.
    """
    impressions = [one for one in labelled if one.history_rows]
    clicked_by: dict[str, set[int]] = {}
    for one in impressions:
        clicked_by.setdefault(one.user_id, set()).update(one.clicked_rows)
    items: Items = [example for one in impressions for example in _examples(one, sorted(clicked_by[one.user_id]))]
    histories: dict[str, list[int]] = {}
    for one in impressions:
        if len(one.history_rows) > max(1, len(histories.get(one.user_id, []))):
            histories[one.user_id] = one.history_rows
    if bench.config.towers.next_clicks or not items:
        items += [Reader(history, f"reader {user_id}") for user_id, history in histories.items()]
    if not items:
        raise CorpusError(
            f"split {split!r}: no click by a reader with a history of articles with text, so there is nothing to learn "
            "from. Import histories or news for it, or name another split."
        )
    return _with_teacher(bench, _with_mined(bench, items))


def _examples(one: Impression, others: list[int]) -> Items:
    """Return an example for each click; `others` are all clicks of the reader, in any impression."""
    return [
        Example(one.history_rows, row, one.unclicked_rows, others=others, name=one.name) for row in one.clicked_rows
    ]


def count_items(items: Items) -> str:
    """Return what there is to learn from, in words."""
    clicks = sum(isinstance(item, Example) for item in items)
    return f"{clicks} clicks and {len(items) - clicks} histories"


def log_popularity(items: Items, articles: int) -> npt.NDArray[np.float32]:
    """Return the log of how often each article is a click to learn, smoothed by one, over the mean article's."""
    clicked = [row for item in items for row in ([item.clicked] if isinstance(item, Example) else item.history[1:])]
    counts = np.bincount(np.array(clicked, np.int64), minlength=articles) + 1.0
    found: npt.NDArray[np.float32] = np.log(counts / counts.mean()).astype(np.float32)
    return found


def _with_mined(bench: Workbench, items: Items) -> Items:
    """Give each click of an impression the hard negatives that the config asks for."""
    from broadsheet.retrieval.training.hard_negatives import mine

    count = bench.config.towers.hard_negatives
    places = [place for place, item in enumerate(items) if isinstance(item, Example)]
    if not count or not places:
        return items
    clicks = [item for item in items if isinstance(item, Example)]
    vectors = bench.catalogue.vectors
    users = bench.models.user_tower.encode([vectors.take(click.history) for click in clicks])[:, 0]
    known = [[*click.history, click.clicked, *click.shown, *click.others] for click in clicks]
    clicked = vectors.take([click.clicked for click in clicks])
    mined = mine(users, clicked, known, bench.search, count=count, rng=np.random.default_rng(0))
    found = list(items)
    for place, click, rows in zip(places, clicks, mined, strict=True):
        found[place] = replace(click, mined=rows)
    return found


def _with_teacher(bench: Workbench, items: Items) -> Items:
    """Give each click of an impression the cross-encoder's logits, if the config asks for them.

    Raises CorpusError if there is no trained cross-encoder.
    """
    from broadsheet.rerank.cross_encoder.pairs import make_pairs, nearest_history

    if not bench.config.towers.distillation:
        return items
    if bench.cross_encoder is None:
        raise CorpusError("towers.distillation: no cross-encoder is trained. Run `broadsheet train reranker` first.")
    catalogue, settings = bench.catalogue, bench.config
    clicks = [(place, item) for place, item in enumerate(items) if isinstance(item, Example)]
    pairs = []
    for _, click in clicks:
        candidates = [click.clicked, *click.shown]
        history = click.history[-settings.retrieval.history :]
        nearest = nearest_history(catalogue, history, candidates, settings.rerank.headlines)
        pairs += make_pairs(catalogue, nearest, candidates)
    scores = np.clip(bench.cross_encoder(pairs).astype(np.float64), 1e-6, 1 - 1e-6)
    logits = np.log(scores / (1 - scores)).tolist()
    found, start = list(items), 0
    for place, click in clicks:
        end = start + 1 + len(click.shown)
        found[place], start = replace(click, teacher=logits[start:end]), end
    return found

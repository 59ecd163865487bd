"""What the towers learn from: the clicks of a split, its readers' histories, hard negatives and a teacher's opinion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.impressions import Impression
from broadsheet.errors import CorpusError
from broadsheet.retrieval.sources.two_tower import Search
from broadsheet.retrieval.training.examples import ClickExample, History
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.models import EditionModels

Items = list[ClickExample | History]


def read_items(
    data: EditionData, models: EditionModels, search: Search, labelled: list[Impression], split: str
) -> Items:
    """Return the clicks of a split by readers with a history, and the readers whose histories have next clicks.

    towers.next_clicks asks for histories; without any click in the split they are used in any case. Raises CorpusError,
    naming the split, if there is nothing to learn from.
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
    if models.config.towers.next_clicks or not items:
        items += [History(history, f"reader {user_id}") for user_id, history in histories.items()]
    if not items:
        raise CorpusError(
            f"split {split!r}: no click by a reader with a history of articles with text, so there is nothing to learn "
            "from. Import histories or news for it, or name another split."
        )
    return _with_teacher(data.catalogue, models, _with_mined(data.catalogue, models, search, items))


def _examples(one: Impression, others: list[int]) -> Items:
    """Return an example for each click; `others` are all clicks of the reader, in any impression."""
    return [
        ClickExample(one.history_rows, row, one.unclicked_rows, others=others, name=one.name)
        for row in one.clicked_rows
    ]


def count_items(items: Items) -> str:
    """Return what there is to learn from, in words."""
    clicks = sum(isinstance(item, ClickExample) for item in items)
    return f"{clicks} clicks and {len(items) - clicks} histories"


def log_popularity(items: Items, articles: int) -> npt.NDArray[np.float32]:
    """Return (articles,): the logarithm of how often an article is clicked, plus one, over the mean of all articles."""
    clicked = [
        row for item in items for row in ([item.clicked] if isinstance(item, ClickExample) else item.history[1:])
    ]
    counts = np.bincount(np.array(clicked, np.int64), minlength=articles) + 1.0
    found: npt.NDArray[np.float32] = np.log(counts / counts.mean()).astype(np.float32)
    return found


def _with_mined(catalogue: Catalogue, models: EditionModels, search: Search, items: Items) -> Items:
    """Return the items with as many hard negatives for each click as the settings ask for."""
    from broadsheet.retrieval.towers.user_tower import new_user_tower
    from broadsheet.retrieval.training.hard_negatives import mine

    count = models.config.towers.hard_negatives
    places = [place for place, item in enumerate(items) if isinstance(item, ClickExample)]
    if not count or not places:
        return items
    clicks = [item for item in items if isinstance(item, ClickExample)]
    vectors = catalogue.vectors
    tower = new_user_tower(
        models.news_tower.dim, history=models.config.retrieval.history
    )  # the same whatever is in use
    users = tower.encode([vectors.take(click.history) for click in clicks])[:, 0]
    own = [[*click.history, click.clicked, *click.shown, *click.others] for click in clicks]
    clicked = vectors.take([click.clicked for click in clicks])
    mined = mine(users, clicked, own, search, count=count, rng=np.random.default_rng(0))
    found = list(items)
    for place, click, rows in zip(places, clicks, mined, strict=True):
        found[place] = replace(click, mined=rows)
    return found


def _with_teacher(catalogue: Catalogue, models: EditionModels, items: Items) -> Items:
    """Return the items with the cross-encoder's logits for each click, if the settings ask for them.

    Raises CorpusError if there is no trained cross-encoder.
    """
    from broadsheet.rerank.cross_encoder.pairs import make_pairs, nearest_history

    if not models.config.towers.distillation:
        return items
    if models.cross_encoder is None:
        raise CorpusError("towers.distillation: no cross-encoder is trained. Run `broadsheet train reranker` first.")
    settings = models.config
    clicks = [(place, item) for place, item in enumerate(items) if isinstance(item, ClickExample)]
    pairs = []
    for _, click in clicks:
        candidates = [click.clicked, *click.shown]
        history = click.history[-settings.retrieval.history :]
        nearest = nearest_history(catalogue, history, candidates, settings.rerank.headlines)
        pairs += make_pairs(catalogue, nearest, candidates)
    scores = np.clip(models.cross_encoder(pairs).astype(np.float64), 1e-6, 1 - 1e-6)
    logits = np.log(scores / (1 - scores)).tolist()
    found, start = list(items), 0
    for place, click in clicks:
        end = start + 1 + len(click.shown)
        found[place], start = replace(click, teacher=logits[start:end]), end
    return found


def with_history(measured: list[Impression], split: str) -> list[Impression]:
    """Return the impressions by readers with a history; raises CorpusError if there are none."""
    found = [one for one in measured if one.history_rows]
    if not found:
        raise CorpusError(
            f"split {split!r}: no impression by a reader with a history of articles with text. Name another split."
        )
    return found

"""Training a newsroom's own fusion of signals on impressions, with the signals as of each impression."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.corpus.impressions import read_rankable, require_splits
from broadsheet.errors import CorpusError
from broadsheet.metrics.calibration import calibration_error
from broadsheet.newsroom import Newsroom
from broadsheet.progress import Say, silent
from broadsheet.tables.arrays import Floats
from broadsheet.tables.files import remove_folder
from broadsheet.training.folder import learned_until, new_card, swap
from broadsheet.training.ranking import mean_metrics
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.corpus.impressions import Impression
    from broadsheet.rerank.learned_fusion import Lists


ABSENT, SAME = "absent", "the same for all articles"
"""Why a signal is left out of a fusion."""


def train_fusion(
    newsroom: Newsroom,
    *,
    train: str,
    valid: str,
    seeds: int = 1,
    say: Say = silent,
) -> str:
    """Learn to fuse the signals on one split; put it in models/fusion if it ranks another better than the weights do.

    From 2,000 impressions on, readers who are held out choose between trees in which a higher signal never lowers the
    score, and larger trees without this constraint; see fusion_recipe.
    `seeds` ensembles of trees are averaged. Returns a summary. Raises CorpusError if a split is missing or holds
    nothing to rank, or if the newsroom's own cross-encoder or towers learned from the split `train`: they know its
    clicks by heart, so their scores would get too much weight.
    """
    from broadsheet.offline.workbenches import open_bench
    from broadsheet.rerank.learned_fusion import fit_fusion, save_fusion
    from broadsheet.rerank.signals import fuse
    from broadsheet.training.fusion_recipe import recipe_for

    require_splits(newsroom, train, valid)
    _require_unseen(newsroom, train)
    bench = open_bench(newsroom, say)
    impressions = read_rankable(newsroom, bench.data.catalogue, train)
    learned, measured = make_lists(bench, impressions), read_lists(bench, valid)
    names, left = usable(learned)
    if left:
        say(f"signals left out: {'; '.join(f'{name}, {why}' for name, why in left.items())}")
    recipe = recipe_for(learned, names, [one.user_id for one in impressions])
    fusion = fit_fusion(learned, names, recipe, range(seeds))
    scores = fusion(measured.signals)
    found = {
        "learned": ranking(scores, measured),
        "weights": ranking(fuse(measured.signals, bench.models.signal_weights), measured),
    }
    error = calibration_error(fusion.probability(scores), measured.clicked)
    shown = "; ".join(
        f"{name} AUC {values['auc']:.4f}, nDCG@10 {values['ndcg@10']:.4f}" for name, values in found.items()
    )
    kind = "in which a higher signal never lowers the score" if recipe.monotone else "without constraints"
    source = f"trees {kind}, from {len(learned.lengths)} impressions of {train}"
    summary = f"{source}; {valid}: {shown}, calibration error {error:.4f}"
    if found["learned"]["ndcg@10"] <= found["weights"]["ndcg@10"]:
        return f"{summary}. Not put in place: the weights rank {valid} as well or better."
    card = {
        **new_card([]),
        **learned_until(impressions),
        "train": {"split": train, "impressions": len(learned.lengths), "clicks": int(learned.clicked.sum())},
        "valid": {"split": valid, "impressions": len(measured.lengths), **found, "calibration_error": error},
        "left_out": left,
        "recipe": vars(recipe),
    }
    with newsroom.lock():
        work = newsroom.fusion.with_name(".fusion-training")
        remove_folder(work)
        save_fusion(fusion, work, card)
        swap(work, newsroom.fusion)
    return f"{newsroom.fusion}: {summary}"


def read_lists(bench: Workbench, split: str) -> Lists:
    """Return the signals of a split's impressions that show both a click and another article, as of each."""
    return make_lists(bench, read_rankable(bench.data.newsroom, bench.data.catalogue, split))


def make_lists(bench: Workbench, impressions: Sequence[Impression]) -> Lists:
    """Return the signals of impressions; raises CorpusError if there are none."""
    from broadsheet.offline.signals import impression_signals
    from broadsheet.rerank.learned_fusion import Lists

    if not impressions:
        raise CorpusError("no impression shows both a clicked article and another, with text. Import news for it.")
    found = list(impression_signals(bench, impressions))
    return Lists(
        {name: np.concatenate([signals[name] for signals in found]) for name in found[0]},
        np.concatenate([np.array(one.clicked, np.bool_) for one in impressions]),
        np.array([len(one.shown) for one in impressions], np.int64),
    )


def usable(lists: Lists) -> tuple[list[str], dict[str, str]]:
    """Return the names of the signals that differ between articles, and for each other signal why it is left out.

    A value that is infinite or not a number counts as absent. Raises CorpusError if every signal is left out.
    """
    counts = {name: len(np.unique(values[np.isfinite(values)])) for name, values in lists.signals.items()}
    left = {name: SAME if count else ABSENT for name, count in counts.items() if count < 2}
    if len(left) == len(counts):
        raise CorpusError(
            f"no signal tells the shown articles apart: {', '.join(f'{name} is {why}' for name, why in left.items())}. "
            "Import clicks, or impressions of readers with a history."
        )
    return [name for name in counts if name not in left], left


def ranking(scores: Floats, lists: Lists) -> dict[str, float]:
    """Return the mean of each ranking metric over the impressions."""
    return mean_metrics(scores, lists.clicked, lists.lengths)


def _require_unseen(newsroom: Newsroom, split: str) -> None:
    problems = [
        f"{folder} was trained on it"
        for folder in (newsroom.reranker, newsroom.towers, newsroom.attention)
        if _card(folder).get("train", {}).get("split") == split
    ]
    if problems:
        raise CorpusError(
            f"split {split!r}: {' and '.join(problems)}, so their scores there are better than on news to come. "
            "Name a later split, such as that on which they were validated."
        )


def _card(folder: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads((folder / "card.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return card

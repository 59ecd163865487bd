"""Training a newsroom's own attentive scorer from its impressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.corpus.impressions import read_rankable, require_splits
from broadsheet.models import loading
from broadsheet.newsroom import Newsroom
from broadsheet.offline.signals import attention_requests, impression_counts
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.progress import Say, silent
from broadsheet.readers.reads import READS
from broadsheet.tables.arrays import Floats
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.files import file_sha256
from broadsheet.tables.schemas import CLICKS
from broadsheet.training.folder import SplitTraining, WorkFolder, new_card
from broadsheet.training.outcomes import Outcomes
from broadsheet.training.ranking import mean_metrics
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.attentive_scorer.inputs import InputMaker
    from broadsheet.rerank.attentive_scorer.model import AttentiveScorer
    from broadsheet.rerank.attentive_scorer.training import ShownList


def train_attention(
    newsroom: Newsroom,
    *,
    train: str,
    valid: str,
    seed: int = 0,
    share: float = 1.0,
    out: Path | None = None,
    say: Say = silent,
) -> str:
    """Train the attentive scorer on impressions and put it in `out`, else in models/attention.

    [attention] in broadsheet.toml says how. `share` is the part of the impressions of `train` that is learned from. The
    best epoch by nDCG@10 on `valid` is kept; a training that was killed goes on from its last epoch. Returns a summary.
    Raises InputError for arguments that cannot be meant; CorpusError if a split is missing, or holds no impression with
    both a click and a shown article without one, among articles that have text; TrainingError if the loss is no number.
    """
    from transformers import set_seed

    from broadsheet.rerank.attentive_scorer.inputs import InputMaker
    from broadsheet.rerank.attentive_scorer.trained import WEIGHTS, save_attention
    from broadsheet.rerank.attentive_scorer.training import BatchMaker, fit, known_reads, new_scorer

    asked = SplitTraining(train, valid, "all", seed, share)
    asked.check(out, ["all"], WEIGHTS)
    require_splits(newsroom, train, valid)
    bench = prepare_vectors(newsroom, say)
    target = newsroom.attention if out is None else out
    recipe, catalogue = bench.models.config.attention, bench.data.catalogue
    with newsroom.lock():
        work = WorkFolder(target, _settings(bench, asked))
        shown_lists, about = _with_outcomes(bench, train, _read(bench, train, say))
        items, measured = asked.draw(shown_lists), _read(bench, valid, say)
        make = InputMaker(catalogue)
        measure = _Measure(measured, make)
        set_seed(seed)
        shown = np.unique(np.concatenate([item.request.candidates for item in items]))
        model = new_scorer(items, catalogue.vectors_of(shown), recipe.dropout)
        log = fit(
            model, items, BatchMaker(make, recipe), measure, recipe=recipe, seed=seed, checkpoints=work.checkpoints
        )
        metrics = measure.metrics(model)
        card = {
            **new_card(log),
            "train": {"split": train, "impressions": len(items), "clicks": int(sum(i.clicked.sum() for i in items))},
            "known_reads": dict(zip(READS, np.round(known_reads(items), 3).tolist(), strict=True)),
            **about,
            "valid": {"split": valid, "impressions": len(measured), **metrics},
            "recipe": {**asdict(recipe), "seed": seed},
            "centre": float(np.median(measure.logits(model))),
        }
        base, vectors = bench.models.encoder, bench.models.vectors_name
        save_attention(model, work.clear_result(), base=base, vectors=vectors, card=card)
        work.put_in_place()
    reached = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    return f"{target}: trained on {len(items)} impressions of {train}; on {len(measured)} of {valid}: {reached}"


def _read(bench: Workbench, split: str, say: Say) -> list[ShownList]:
    """Return what the impressions of a split showed, with counts as of each."""
    started = monotonic()
    from broadsheet.rerank.attentive_scorer.training import ShownList

    counters = bench.models.config.attention.counters
    impressions = read_rankable(bench.data.newsroom, bench.data.catalogue, split)
    requests = attention_requests(bench, impressions, impression_counts(bench, impressions, counters))
    lists = [
        ShownList(request, np.array(one.clicked, np.bool_)) for one, request in zip(impressions, requests, strict=True)
    ]
    say(f"{split}: {len(lists)} impressions read, with counts as of each ({monotonic() - started:.1f} s)")
    return lists


def _with_outcomes(
    bench: Workbench, split: str, items: Sequence[ShownList]
) -> tuple[Sequence[ShownList], dict[str, Any]]:
    """Return the lists of a split with the outcomes beside the click that the corpus has, and what the card says.

    Long reads are learned if the seconds of some clicks are known, and hides if a reader hid something.
    """
    path = bench.data.edition.clicks
    if not path.is_file():
        return items, {"outcomes": []}
    impressions = read_rankable(bench.data.newsroom, bench.data.catalogue, split)
    became = Outcomes(read_table(path, CLICKS), impressions)
    seconds, hidden = became.seconds(), became.hidden()
    known = np.concatenate(seconds)
    known = known[np.isfinite(known)]
    columns: dict[str, list[Floats]] = {} if hidden is None else {"hide": hidden}
    least = 0.0
    if len(known):
        least = bench.models.config.attention.long_read_seconds or float(np.median(known))
        long = [np.where(np.isfinite(one), one >= least, np.nan) for one in seconds]
        columns = {"long_read": long, **columns}
    if not columns:
        return items, {"outcomes": []}
    outcomes = [np.stack(parts, -1) for parts in zip(*columns.values(), strict=True)]
    found = [replace(item, outcomes=one) for item, one in zip(items, outcomes, strict=True)]
    return found, {"outcomes": [*columns], "long_read_seconds": least, "reads_of_clicks": len(known)}


BLOCK = 64
"""Impressions at a time: bounds the memory of the padded arrays."""


class _Measure:
    """Scores the valid impressions with a model."""

    def __init__(self, items: Sequence[ShownList], make: InputMaker) -> None:
        self._requests, self._make = [item.request for item in items], make
        self._clicked = np.concatenate([item.clicked for item in items])
        self._lengths = [len(item.clicked) for item in items]

    def __call__(self, model: AttentiveScorer) -> float:
        return self.metrics(model)["ndcg@10"]

    def metrics(self, model: AttentiveScorer) -> dict[str, float]:
        """Return the mean of each ranking metric over the impressions."""
        return mean_metrics(self.logits(model), self._clicked, self._lengths)

    def logits(self, model: AttentiveScorer) -> Floats:
        """Return the logit of each shown article, in their order."""
        import torch

        model.eval()
        found = []
        with torch.inference_mode():
            for start in range(0, len(self._requests), BLOCK):
                block = self._requests[start : start + BLOCK]
                logits = model(self._make(block)).double().numpy()
                found += [row[: len(one.candidates)] for row, one in zip(logits, block, strict=True)]
        return np.concatenate(found)


def _settings(bench: Workbench, asked: SplitTraining) -> dict[str, Any]:
    """Return all that decides the result: a training with other settings does not go on from the same checkpoints."""
    newsroom = bench.data.newsroom
    tables = [*newsroom.all_impressions(), bench.data.edition.clicks]
    return {
        **asked.settings(bench.models.config.attention),
        "data": [file_sha256(path) for path in tables if path.is_file()],  # all splits: click rates count them
        "base_fingerprint": loading.fingerprint(bench.models.encoder),
        "vectors": bench.data.model.fingerprint,
        "articles": len(bench.data.catalogue),
        "history": bench.models.config.retrieval.history,
    }

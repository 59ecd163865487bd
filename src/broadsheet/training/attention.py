"""Training a newsroom's own attentive scorer from its impressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.corpus.impressions import Impression, read_rankable, require_splits
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
from broadsheet.training.folder import SplitTraining, WorkFolder, learned_until, new_card
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
        impressions = read_rankable(newsroom, catalogue, train)
        shown_lists, about = _with_outcomes(bench, impressions, _read(bench, train, impressions, say))
        items, measured = asked.draw(shown_lists), _read(bench, valid, read_rankable(newsroom, catalogue, valid), say)
        make = InputMaker(catalogue)
        measure = ScorerMeasure(measured, make)
        set_seed(seed)
        shown = np.unique(np.concatenate([item.request.candidates for item in items]))
        model = new_scorer(items, catalogue.vectors_of(shown), recipe.dropout)
        log = fit(
            model, items, BatchMaker(make, recipe), measure, recipe=recipe, seed=seed, checkpoints=work.checkpoints
        )
        metrics = measure.metrics(model)
        card = {
            **new_card(log),
            **learned_until(impressions),
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


def _read(bench: Workbench, split: str, impressions: Sequence[Impression], say: Say) -> list[ShownList]:
    started = monotonic()
    lists = read_shown(bench, impressions)
    say(f"{split}: {len(lists)} impressions read, with counts as of each ({monotonic() - started:.1f} s)")
    return lists


def read_shown(bench: Workbench, impressions: Sequence[Impression]) -> list[ShownList]:
    """Return what impressions showed, with counts as of each."""
    from broadsheet.rerank.attentive_scorer.training import ShownList

    counters = bench.models.config.attention.counters
    requests = attention_requests(bench, impressions, impression_counts(bench, impressions, counters))
    return [
        ShownList(request, np.array(one.clicked, np.bool_)) for one, request in zip(impressions, requests, strict=True)
    ]


def _with_outcomes(
    bench: Workbench, impressions: Sequence[Impression], items: Sequence[ShownList]
) -> tuple[Sequence[ShownList], dict[str, Any]]:
    """Return the lists with the outcomes beside the click that the corpus has, and what the card says.

    Long reads are learned if the seconds of some clicks are known, and hides if a reader hid something.
    """
    columns, least = outcomes_of(bench, impressions, bench.models.config.attention.long_read_seconds)
    if not columns:
        return items, {"outcomes": []}
    reads = int(np.isfinite(np.concatenate(columns.get("long_read", [np.zeros(0)]))).sum())
    about = {"outcomes": [*columns], "long_read_seconds": least, "reads_of_clicks": reads}
    return with_columns(items, [*columns.values()]), about


def with_columns(items: Sequence[ShownList], columns: Sequence[Sequence[Floats]]) -> list[ShownList]:
    """Return the lists with outcomes beside the click; a column has of each list (shown,) values."""
    outcomes = [np.stack(parts, -1) for parts in zip(*columns, strict=True)]
    return [replace(item, outcomes=one) for item, one in zip(items, outcomes, strict=True)]


def outcomes_of(
    bench: Workbench, impressions: Sequence[Impression], least: float
) -> tuple[dict[str, list[Floats]], float]:
    """Return the outcomes that the corpus has of impressions, 1 or 0 with NaN where unknown, and the least long read.

    `least` are the least seconds of a long read; 0 for the median of the reads that the impressions led to.
    """
    path = bench.data.edition.clicks
    if not path.is_file():
        return {}, 0.0
    became = Outcomes(read_table(path, CLICKS), impressions)
    seconds, hidden = became.seconds(), became.hidden()
    known = np.concatenate([np.zeros(0), *seconds])
    known = known[np.isfinite(known)]
    columns: dict[str, list[Floats]] = {} if hidden is None else {"hide": hidden}
    if not len(known):
        return columns, 0.0
    least = least or float(np.median(known))
    long = [np.where(np.isfinite(one), one >= least, np.nan) for one in seconds]
    return {"long_read": long, **columns}, least


BLOCK = 64
"""Impressions at a time: bounds the memory of the padded arrays."""


class ScorerMeasure:
    """Scores impressions with an attentive scorer in training."""

    def __init__(self, items: Sequence[ShownList], make: InputMaker) -> None:
        self._requests, self._make = [item.request for item in items], make
        self._clicked = np.concatenate([item.clicked for item in items])
        self._lengths = [len(item.clicked) for item in items]

    def __call__(self, model: AttentiveScorer) -> float:
        """Return the mean nDCG@10."""
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

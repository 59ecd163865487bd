"""Training the attentive scorer on impressions, from stored article vectors alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from broadsheet.config.training import AttentionConfig
from broadsheet.models.trainer import Log, MeasuredTrainer, trainer_arguments
from broadsheet.readers.reads import READS
from broadsheet.rerank.attentive_scorer.inputs import InputMaker, Request, read_columns
from broadsheet.rerank.attentive_scorer.model import HIDDEN, HISTORY, AttentiveScorer, Inputs
from broadsheet.tables.arrays import Flags, Floats, Vectors

Measure = Callable[[AttentiveScorer], float]
"""A model in evaluation mode to its nDCG@10 on the validation set."""
PADDING = -1
OUTCOME_WEIGHT = 0.3
"""How much the outcomes beside the click count in the training."""
LEAST_SPREAD = 0.01
"""Least standard deviation by which an input is divided: one that is the same everywhere differs by rounding alone."""
LEAST_KNOWN = 0.1
"""Least share of the histories' articles of whose reads something must be known, for the network to learn from it."""


@dataclass(frozen=True)
class ShownList:
    """What an impression showed, as a request, and what was clicked."""

    request: Request
    clicked: Flags
    "(candidates,)"
    outcomes: Floats | None = None
    "1 or 0 for each outcome learned beside the click, NaN where unknown, (candidates, outcomes); None without any."


class BatchMaker:
    """Makes batches of impressions: all clicks of each, and some of what was shown and not clicked, drawn anew."""

    def __init__(self, make: InputMaker, recipe: AttentionConfig) -> None:
        self._make, self._recipe = make, recipe

    def __call__(self, items: Sequence[ShownList]) -> dict[str, torch.Tensor]:
        """Return the network's inputs by name, and `labels` (B, C): 1 for a click, 0 for none, PADDING.

        With outcomes beside the click also `outcomes` (B, C, outcomes).
        """
        drawn = [self._draw(item) for item in items]
        inputs = self._make([item.request for item in drawn])
        labels = np.full(inputs.candidates.shape[:2], PADDING)
        for row, item in enumerate(drawn):
            labels[row, : len(item.clicked)] = item.clicked
        batch = {**inputs._asdict(), "labels": torch.from_numpy(labels)}
        if drawn[0].outcomes is not None:
            outcomes = np.full((*labels.shape, drawn[0].outcomes.shape[1]), np.nan, np.float32)
            for row, item in enumerate(drawn):
                outcomes[row, : len(item.clicked)] = item.outcomes
            batch["outcomes"] = torch.from_numpy(outcomes)
        return batch

    def _draw(self, item: ShownList) -> ShownList:
        history, candidates, counts, reads = item.request
        if len(history) > 1 and torch.rand(()) < self._recipe.history_cut:
            history = history[: int(torch.randint(1, len(history) + 1, ()))]  # short histories are learned too
            reads = None if reads is None else reads[: len(history)]
        other = np.flatnonzero(~item.clicked)
        other = other[torch.randperm(len(other))[: self._recipe.negatives].numpy()]
        kept = np.concatenate([np.flatnonzero(item.clicked), other])
        candidates = np.asarray(candidates)[kept].tolist()
        outcomes = None if item.outcomes is None else item.outcomes[kept]
        return ShownList(Request(history, candidates, counts[kept], reads), item.clicked[kept], outcomes)


def new_scorer(items: Sequence[ShownList], vectors: Vectors, dropout: float) -> AttentiveScorer:
    """Return an untrained scorer, whose scales are those of the items; `vectors` are those that they show."""
    counts = np.concatenate([item.request.counts for item in items])  # (shown, counts)
    reads = read_columns(_newest_reads(items))
    knows = bool((known_reads(items) >= LEAST_KNOWN).any())
    more = 0 if items[0].outcomes is None else items[0].outcomes.shape[1]
    model = AttentiveScorer(vectors.shape[1], counts.shape[1], dropout, reads=len(READS) if knows else 0, more=more)
    _set_scale(model.mean, model.scale, counts)
    if model.reads is not None:
        _set_scale(model.reads.mean, model.reads.scale, reads)
    model.centre.copy_(torch.from_numpy(vectors.mean(0)))
    return model


def known_reads(items: Sequence[ShownList]) -> Floats:
    """Return of which share of the histories' articles each of READS is known, (READS,); of each reader the newest."""
    reads = _newest_reads(items)
    return np.asarray(np.isfinite(reads).sum(0) / max(len(reads), 1))


def _newest_reads(items: Sequence[ShownList]) -> Vectors:
    nothing = np.full((HISTORY, len(READS)), np.nan, np.float32)
    parts = [(one.history[:HISTORY], one.reads) for one in (item.request for item in items)]
    return np.concatenate([(nothing if reads is None else reads)[: len(history)] for history, reads in parts])


def _set_scale(mean: torch.Tensor, scale: torch.Tensor, values: Floats | Vectors) -> None:
    """Set mean and scale (columns,) to those of the values (rows, columns) that are known."""
    known = np.isfinite(values)
    total = np.maximum(known.sum(0), 1)
    means = np.where(known, values, 0).sum(0) / total
    spread = np.sqrt(np.where(known, (values - means) ** 2, 0).sum(0) / total)
    mean.copy_(torch.from_numpy(means))
    scale.copy_(torch.from_numpy(np.where(spread >= LEAST_SPREAD, spread, 1.0)))


def fit(
    model: AttentiveScorer,
    items: Sequence[ShownList],
    make_batch: BatchMaker,
    measure: Measure,
    *,
    recipe: AttentionConfig,
    seed: int,
    checkpoints: Path,
) -> Log:
    """Train a model in place, keep the state with the highest `measure`, and return the log.

    Checkpoints are written to the folder `checkpoints`; a killed training goes on from its last checkpoint.
    """
    trainer = MeasuredTrainer(
        loss=lambda scorer, batch: batch_loss(scorer, batch, recipe),
        section="attention",
        items=items,
        measure=measure,
        patience=recipe.patience,
        model=model,
        args=trainer_arguments(recipe, checkpoints, learning_rate=recipe.learning_rate, seed=seed, bf16=False),
        data_collator=make_batch,
    )
    before = measure(model.eval())
    return [{"epoch": 0.0, "eval_ndcg@10": before}, *trainer.run()]


def batch_loss(scorer: AttentiveScorer, batch: dict[str, torch.Tensor], recipe: AttentionConfig) -> torch.Tensor:
    """Return the mean loss of a batch of BatchMaker, which is used up."""
    labels, outcomes = batch.pop("labels"), batch.pop("outcomes", None)
    logits, more = scorer.all_logits(Inputs(**batch))
    found = listwise(logits, labels)
    if scorer.more is not None and outcomes is not None:
        found = found + OUTCOME_WEIGHT * of_outcomes(more, outcomes)
        found = found + recipe.appeal_decay * scorer.more.weight[:, HIDDEN:].square().sum()
    return found + recipe.appeal_decay * scorer.appeal.weight.square().sum()


def of_outcomes(logits: torch.Tensor, outcomes: torch.Tensor) -> torch.Tensor:
    """Return the sum over outcomes of the mean cross-entropy where the outcome is known, (B, C, outcomes) each."""
    known = torch.isfinite(outcomes)
    losses = binary_cross_entropy_with_logits(logits, torch.where(known, outcomes, 0.0), reduction="none") * known
    total: torch.Tensor = (losses.sum((0, 1)) / known.sum((0, 1)).clamp(min=1)).sum()
    return total


def listwise(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean over clicks of -log softmax of the click among itself and what was not clicked (B, C each).

    Another click of the same list is no competitor: both were wanted (NRMS, Wu et al. 2019, section 3.3).
    """
    others = logits.masked_fill(labels != 0, -torch.inf).logsumexp(1, keepdim=True)  # (B, 1)
    clicked = labels == 1
    losses = torch.logaddexp(logits, others.expand_as(logits)) - logits
    return losses[clicked].mean()

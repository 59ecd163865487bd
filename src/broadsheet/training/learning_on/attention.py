"""The attentive scorer learns on, on the article vectors that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.training.attention import ScorerMeasure, outcomes_of, read_shown, with_columns
from broadsheet.training.learning_on.learned import Learned
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.attentive_scorer.training import ShownList


def learn_attention(
    bench: Workbench,
    folder: Path,
    new: Sequence[Impression],
    old: Sequence[Impression],
    held_out: Sequence[Impression],
    seed: int,
) -> Learned:
    """Go on from the attentive scorer of `folder` with new and old impressions.

    Raises TrainingError if a loss is no finite number.
    """
    import torch

    from broadsheet.rerank.attentive_scorer.inputs import InputMaker
    from broadsheet.rerank.attentive_scorer.trained import load_attention, read_card, save_attention
    from broadsheet.rerank.attentive_scorer.training import BatchMaker, batch_loss
    from broadsheet.training.learning_on.steps import go_on

    recipe, pace = bench.models.config.attention, bench.models.config.learning
    scorer, card = load_attention(folder), read_card(folder)
    model = scorer.model
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = recipe.dropout
    # A day of impressions and a few older ones are read together: the counts move along with the time.
    together = sorted([*old, *new, *held_out], key=lambda one: one.time)
    shown = dict(zip(map(id, together), read_shown(bench, together), strict=True))
    items = _with_outcomes(bench, [*new, *old], shown, scorer.outcomes, float(card.get("long_read_seconds", 0.0)))
    make = InputMaker(bench.data.catalogue)
    measure = ScorerMeasure([shown[id(one)] for one in held_out], make)
    before, batches = measure.logits(model), BatchMaker(make, recipe)
    torch.manual_seed(seed)
    go_on(
        model,
        items,
        lambda drawn: batch_loss(model, batches(drawn), recipe),
        passes=pace.passes,
        batch_size=recipe.batch_size,
        learning_rate=pace.pace * recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        seed=seed,
        section="attention",
    )
    after = measure.logits(model)

    def save(target: Path, said: Mapping[str, Any]) -> None:
        models = bench.models
        whole = {**said, "centre": float(np.median(after)), "outcomes": list(scorer.outcomes)}
        save_attention(model, target, base=models.encoder, vectors=models.vectors_name, card=whole)

    return Learned(before, after, len(new), len(old), save)


def _with_outcomes(
    bench: Workbench,
    impressions: Sequence[Impression],
    shown: Mapping[int, ShownList],
    outcomes: Sequence[str],
    least: float,
) -> list[ShownList]:
    """Return the lists with the outcomes that the scorer foretells, unknown where the corpus does not say."""
    items = [shown[id(one)] for one in impressions]
    if not outcomes:
        return items
    found, _ = outcomes_of(bench, impressions, least)
    unknown = [np.full(len(one.shown), np.nan) for one in impressions]
    return with_columns(items, [found.get(name, unknown) for name in outcomes])

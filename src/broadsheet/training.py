"""Training a newsroom's own cross-encoder from its corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from broadsheet.build import prepare_vectors
from broadsheet.metrics import Impressions, ranking_metrics
from broadsheet.newsroom import Newsroom, remove_folder
from broadsheet.training_data import read_rankable, require_splits
from broadsheet.training_folder import new_card, swap, work_folder
from broadsheet.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.cross_encoder import CrossEncoder
    from broadsheet.rerank.pair_tokens import Pair
    from broadsheet.rerank.training import Example, PairMaker

VALID_LIMIT = 300
"""Impressions that each epoch is measured on; enough to choose an epoch by."""


def train_reranker(
    newsroom: Newsroom,
    *,
    train: str,
    valid: str,
    seed: int = 0,
    report: Callable[[str], None] = lambda line: None,
) -> str:
    """Train the cross-encoder on impressions and put it in models/reranker, which the next build uses.

    The best epoch by nDCG@10 on `valid` is kept; a training that was killed goes on from its last epoch. Returns a
    summary. Raises CorpusError if a split is missing, or holds no impression with both a click and a shown article
    without one, among articles that have text.
    """
    from broadsheet.rerank.training import PairMaker, Recipe, centre, fit, new_cross_encoder, save_cross_encoder

    recipe = Recipe(seed=seed)
    require_splits(newsroom, train, valid)
    bench = prepare_vectors(newsroom, report)
    learn, check = _examples(bench, train), read_rankable(bench, valid)[:VALID_LIMIT]
    base, settings = bench.config.rerank.encoder, bench.config.rerank
    model = new_cross_encoder(base, recipe)
    make = _pair_maker(bench, PairMaker)
    with newsroom.lock():
        told = {"train": train, "valid": valid, "recipe": vars(recipe), "clicks": len(learn)}
        work = _work_folder(bench, told)
        pairs = [pair for one in check for pair in make.pairs(one.history, one.shown)]
        measure = _Measure(pairs, [one.clicked for one in check], make, settings.max_tokens)
        log = fit(model, learn, make, measure, recipe=recipe, checkpoints=work / "checkpoints")
        centre(model, measure.logits(model))
        metrics = measure.metrics(model)
        card = {
            **new_card(log),
            "train": {"split": train, "clicks": len(learn)},
            "valid": {"split": valid, "impressions": len(check), **metrics},
        }
        remove_folder(work / "adapter")
        save_cross_encoder(model, work / "adapter", base=base, recipe=recipe, card=card)
        swap(work / "adapter", newsroom.reranker)
        remove_folder(work)
    shown = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    return (
        f"{newsroom.reranker}: trained on {len(learn)} clicks of {train}; "
        f"on {len(check)} impressions of {valid}: {shown}"
    )


def _pair_maker(bench: Workbench, kind: type[PairMaker]) -> PairMaker:
    from broadsheet import models

    settings = bench.config.rerank
    tokenizer = models.load("AutoTokenizer", models.resolve(settings.encoder))
    history = bench.config.retrieval.history
    return kind(
        bench.catalogue, tokenizer, headlines=settings.headlines, history=history, max_tokens=settings.max_tokens
    )


class _Measure:
    """Scores the valid impressions with a model."""

    def __init__(self, pairs: list[Pair], clicked: list[list[bool]], make: PairMaker, max_tokens: int) -> None:
        from broadsheet.rerank.pair_tokens import encode_pairs

        self._rows = encode_pairs(make.tokenizer, pairs, max_tokens)
        self._pad_token = int(make.tokenizer.pad_token_id or 0)
        self._flags = np.array([flag for flags in clicked for flag in flags], np.bool_)
        self._offsets = np.cumsum([0, *map(len, clicked)])

    def __call__(self, model: CrossEncoder) -> float:
        return self.metrics(model)["ndcg@10"]

    def metrics(self, model: CrossEncoder) -> dict[str, float]:
        """Return the mean of each ranking metric over the impressions."""
        values = ranking_metrics(Impressions(self.logits(model), self._flags, self._offsets))
        return {name: round(float(np.nanmean(value)), 4) for name, value in values.items()}

    def logits(self, model: CrossEncoder) -> npt.NDArray[np.float32]:
        """Return the logit of each shown article, in their order."""
        import torch

        from broadsheet.batching import length_buckets, pad
        from broadsheet.models import pick_dtype

        device, dtype = model.scale.device, pick_dtype(model.scale.device)
        result = np.zeros(len(self._rows), np.float32)
        model.eval()
        with torch.inference_mode(), torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            for batch in length_buckets([len(row["input_ids"]) for row in self._rows]):
                inputs = pad([self._rows[number] for number in batch], self._pad_token)
                logits = model(**{name: value.to(device) for name, value in inputs.items()})
                result[batch] = logits.float().cpu().numpy()
        return result


def _examples(bench: Workbench, split: str) -> list[Example]:
    from broadsheet.rerank.training import Example

    return [
        Example(one.history, news, [other for other, hit in zip(one.shown, one.clicked, strict=True) if not hit])
        for one in read_rankable(bench, split)
        for news, flag in zip(one.shown, one.clicked, strict=True)
        if flag
    ]


def _work_folder(bench: Workbench, told: dict[str, Any]) -> Path:
    """Return the folder of this training's checkpoints; one with other data, models or settings has its own."""
    from broadsheet import models

    rerank = bench.config.rerank
    settings = {
        **told,
        "base": rerank.encoder,
        "base_fingerprint": models.fingerprint(rerank.encoder),
        "vectors": bench.news_tower.fingerprint,
        "articles": len(bench.catalogue),
        "history": bench.config.retrieval.history,
        "headlines": rerank.headlines,
        "max_tokens": rerank.max_tokens,
    }
    return work_folder(bench.newsroom.reranker, settings)

"""Training a newsroom's own cross-encoder from its corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from broadsheet.metrics.ranking import Impressions, ranking_metrics
from broadsheet.newsroom import Newsroom
from broadsheet.offline.impressions import Labelled, read_rankable, require_splits
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.progress import Say, silent
from broadsheet.tables.files import file_sha256, remove_folder
from broadsheet.training.folder import check_arguments, new_card, swap, work_folder
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.cross_encoder.model import CrossEncoder
    from broadsheet.rerank.cross_encoder.training_pairs import Example, PairMaker


VALID_LIMIT = 300
"""Impressions that each epoch is measured on; enough to choose an epoch by."""


def train_reranker(
    newsroom: Newsroom,
    *,
    train: str,
    valid: str,
    mode: str = "lora",
    seed: int = 0,
    out: Path | None = None,
    say: Say = silent,
) -> str:
    """Train the cross-encoder on impressions and put it in `out`, else in models/reranker, which the next build uses.

    `mode` is what of the encoder learns: lora or full; [reranker] in broadsheet.toml says how. The best epoch by
    nDCG@10 on `valid` is kept; a training that was killed goes on from its last epoch. Returns a summary. Raises
    InputError for arguments that cannot be meant; CorpusError if a split is missing, or holds no impression with both
    a click and a shown article without one, among articles that have text; TrainingError if the loss is no number.
    """
    from transformers import set_seed

    from broadsheet.rerank.cross_encoder.trained import HEAD, MODES, new_cross_encoder, save_cross_encoder
    from broadsheet.rerank.cross_encoder.training import centre, fit

    check_arguments(train, valid, out, MODES, mode, HEAD)
    chosen = next(name for name in MODES if name == mode)
    require_splits(newsroom, train, valid)
    bench = prepare_vectors(newsroom, say)
    learn, check = _examples(bench, train), read_rankable(bench, valid)[:VALID_LIMIT]
    base, recipe = bench.config.rerank.encoder, bench.config.reranker
    target = newsroom.reranker if out is None else out
    make = _pair_maker(bench)
    set_seed(seed)
    model = new_cross_encoder(base, chosen)
    with newsroom.lock():
        work = work_folder(target, _settings(bench, train, valid, mode, seed))
        measure = _Measure(check, make, bench.config.rerank.max_tokens)
        log = fit(model, learn, make, measure, recipe=recipe, seed=seed, checkpoints=work / "checkpoints")
        centre(model, measure.logits(model))
        metrics = measure.metrics(model)
        card = {
            **new_card(log),
            "train": {"split": train, "clicks": len(learn)},
            "valid": {"split": valid, "impressions": len(check), **metrics},
            "recipe": {**asdict(recipe), "seed": seed},
        }
        remove_folder(work / "reranker")
        save_cross_encoder(model, work / "reranker", base=base, mode=chosen, card=card)
        swap(work / "reranker", target)
        remove_folder(work)
    reached = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    learned = f"{mode}, trained on {len(learn)} clicks of {train}"
    return f"{target}: {learned}; on {len(check)} impressions of {valid}: {reached}"


def _pair_maker(bench: Workbench) -> PairMaker:
    from broadsheet.models import loading as models
    from broadsheet.rerank.cross_encoder.training_pairs import PairMaker

    settings, recipe = bench.config.rerank, bench.config.reranker
    return PairMaker(
        bench.catalogue,
        models.load("AutoTokenizer", models.resolve(settings.encoder)),
        headlines=settings.headlines,
        history=bench.config.retrieval.history,
        max_tokens=settings.max_tokens,
        negatives=recipe.negatives,
        history_cut=recipe.history_cut,
    )


class _Measure:
    """Scores the valid impressions with a model."""

    def __init__(self, check: Sequence[Labelled], make: PairMaker, max_tokens: int) -> None:
        from broadsheet.rerank.cross_encoder.pair_tokens import encode_pairs

        pairs = [pair for one in check for pair in make.pairs(one.history, one.shown)]
        clicked = [one.clicked for one in check]
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

        from broadsheet.models.batching import length_buckets, pad
        from broadsheet.models.loading import pick_dtype

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
    from broadsheet.rerank.cross_encoder.training_pairs import Example

    return [
        Example(one.history, news, [other for other, hit in zip(one.shown, one.clicked, strict=True) if not hit])
        for one in read_rankable(bench, split)
        for news, flag in zip(one.shown, one.clicked, strict=True)
        if flag
    ]


def _settings(bench: Workbench, train: str, valid: str, mode: str, seed: int) -> dict[str, Any]:
    """Return all that decides the result: a training with other settings does not go on from the same checkpoints."""
    from broadsheet.models import loading as models

    rerank = bench.config.rerank
    return {
        **{"train": train, "valid": valid, "mode": mode, "seed": seed, "recipe": asdict(bench.config.reranker)},
        "data": [file_sha256(bench.newsroom.impressions(split)) for split in (train, valid)],
        "base": rerank.encoder,
        "base_fingerprint": models.fingerprint(rerank.encoder),
        "vectors": bench.news_tower.fingerprint,
        "articles": len(bench.catalogue),
        "history": bench.config.retrieval.history,
        "headlines": rerank.headlines,
        "max_tokens": rerank.max_tokens,
    }

"""Training a newsroom's own cross-encoder from its corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from broadsheet.config.settings import Config
from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.impressions import Impression, read_rankable, require_splits
from broadsheet.errors import TrainingError
from broadsheet.newsroom import Newsroom
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.progress import Say, silent
from broadsheet.tables.files import file_sha256
from broadsheet.training.folder import SplitTraining, WorkFolder, new_card
from broadsheet.training.ranking import mean_metrics
from broadsheet.workbench.data import EditionData

if TYPE_CHECKING:
    from broadsheet.rerank.cross_encoder.model import CrossEncoder
    from broadsheet.rerank.cross_encoder.training_pairs import ClickGroup, PairMaker


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
    a click and a shown article without one, among articles that have text; TrainingError if the loss is no number
    or nothing was learned.
    """
    from transformers import set_seed

    from broadsheet.rerank.cross_encoder.trained import HEAD, MODES, new_cross_encoder, save_cross_encoder
    from broadsheet.rerank.cross_encoder.training import centre, fit

    asked = SplitTraining(train, valid, mode, seed)
    asked.check(out, MODES, HEAD)
    chosen = next(name for name in MODES if name == mode)
    require_splits(newsroom, train, valid)
    bench = prepare_vectors(newsroom, say)
    examples = _examples(bench.data, train)
    measured = read_rankable(bench.data.newsroom, bench.data.catalogue, valid)[:VALID_LIMIT]
    base, recipe = bench.models.config.rerank.encoder, bench.models.config.reranker
    target = newsroom.reranker if out is None else out
    make = _pair_maker(bench.data.catalogue, bench.models.config)
    set_seed(seed)
    model = new_cross_encoder(base, chosen)
    with newsroom.lock():
        work = WorkFolder(target, _settings(bench.data, bench.models.config, asked))
        measure = _Measure(measured, make)
        log = fit(model, examples, make, measure, recipe=recipe, seed=seed, checkpoints=work.checkpoints)
        _require_learned(model, len(examples))
        logits = measure.logits(model)
        centre(model, logits)
        metrics = measure.of_logits(logits)  # whose order the centre leaves as it is
        card = {
            **new_card(log),
            "train": {"split": train, "clicks": len(examples)},
            "valid": {"split": valid, "impressions": len(measured), **metrics},
            "recipe": {**asdict(recipe), "seed": seed},
        }
        save_cross_encoder(model, work.clear_result(), base=base, mode=chosen, card=card)
        work.put_in_place()
    reached = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    learned = f"{mode}, trained on {len(examples)} clicks of {train}"
    return f"{target}: {learned}; on {len(measured)} impressions of {valid}: {reached}"


def _require_learned(model: CrossEncoder, clicks: int) -> None:
    """Raise TrainingError if the head is as it began, all zeros: what loads a cross-encoder would refuse it."""
    if not model.linear.weight.any():
        raise TrainingError(
            f"reranker: nothing was learned from {clicks} clicks: the best epoch left the head as it began, all its "
            "weights 0. Train on a split with more clicks, or raise epochs under [reranker] in broadsheet.toml. "
            "Nothing was saved, and the newsroom's cross-encoder stays as it was."
        )


def _pair_maker(catalogue: Catalogue, config: Config) -> PairMaker:
    from broadsheet.models import loading as models
    from broadsheet.rerank.cross_encoder.training_pairs import PairMaker, PairShape

    settings, recipe = config.rerank, config.reranker
    shape = PairShape(settings.headlines, config.retrieval.history, settings.max_tokens)
    tokenizer = models.load("AutoTokenizer", models.resolve(settings.encoder))
    return PairMaker(catalogue, tokenizer, shape, recipe)


class _Measure:
    """Scores the valid impressions with a model."""

    def __init__(self, impressions: Sequence[Impression], make: PairMaker) -> None:
        from broadsheet.rerank.cross_encoder.pair_tokens import encode_pairs

        pairs = [pair for one in impressions for pair in make.pairs(one.history_rows, one.shown_rows)]
        self._rows = encode_pairs(make.tokenizer, pairs, make.shape.max_tokens)
        self._pad_token = int(make.tokenizer.pad_token_id or 0)
        self._clicked = np.array([flag for one in impressions for flag in one.clicked], np.bool_)
        self._lengths = [len(one.clicked) for one in impressions]

    def __call__(self, model: CrossEncoder) -> float:
        return self.metrics(model)["ndcg@10"]

    def metrics(self, model: CrossEncoder) -> dict[str, float]:
        """Return the mean of each ranking metric over the impressions."""
        return self.of_logits(self.logits(model))

    def of_logits(self, logits: npt.NDArray[np.float32]) -> dict[str, float]:
        """Return the same of the logits of what was shown (shown,)."""
        return mean_metrics(logits, self._clicked, self._lengths)

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


def _examples(data: EditionData, split: str) -> list[ClickGroup]:
    """Return a group for each click of a split, with what was shown beside it and not clicked."""
    from broadsheet.rerank.cross_encoder.training_pairs import ClickGroup

    return [
        ClickGroup(one.history_rows, row, one.unclicked_rows)
        for one in read_rankable(data.newsroom, data.catalogue, split)
        for row in one.clicked_rows
    ]


def _settings(data: EditionData, config: Config, asked: SplitTraining) -> dict[str, Any]:
    """Return all that decides the result: a training with other settings does not go on from the same checkpoints."""
    from broadsheet.models import loading as models

    rerank = config.rerank
    return {
        **asked.settings(config.reranker),
        "data": [file_sha256(data.newsroom.impressions(split)) for split in (asked.train, asked.valid) if split],
        "base": rerank.encoder,
        "base_fingerprint": models.fingerprint(rerank.encoder),
        "vectors": data.model.fingerprint,
        "articles": len(data.catalogue),
        "history": config.retrieval.history,
        "headlines": rerank.headlines,
        "max_tokens": rerank.max_tokens,
    }

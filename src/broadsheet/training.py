"""Training a newsroom's own models from its corpus."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.build import prepare_vectors
from broadsheet.errors import CorpusError
from broadsheet.metrics import Impressions, ranking_metrics
from broadsheet.newsroom import Newsroom, remove_folder, write_json
from broadsheet.schemas import IMPRESSIONS
from broadsheet.tables import read_table, sync_folder
from broadsheet.version import __version__
from broadsheet.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.cross_encoder import CrossEncoder, Pair
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
    _require_splits(newsroom, train, valid)
    bench = prepare_vectors(newsroom, report)
    learn, check = _examples(bench, train), _impressions(bench, valid)[:VALID_LIMIT]
    base, settings = bench.config.rerank.encoder, bench.config.rerank
    model = new_cross_encoder(base, recipe)
    make = _pair_maker(bench, PairMaker)
    with newsroom.lock():
        told = {"train": train, "valid": valid, "recipe": vars(recipe), "clicks": len(learn)}
        work = _work_folder(bench, told)
        pairs = [pair for history, shown, _ in check for pair in make.pairs(history, shown)]
        measure = _Measure(pairs, [clicked for _, _, clicked in check], make, settings.max_tokens)
        log = fit(model, learn, make, measure, recipe=recipe, checkpoints=work / "checkpoints")
        centre(model, measure.logits(model))
        metrics = measure.metrics(model)
        card = _card(train, valid, len(learn), len(check), metrics, log)
        remove_folder(work / "adapter")
        save_cross_encoder(model, work / "adapter", base=base, recipe=recipe, card=card)
        _swap(work / "adapter", newsroom.reranker)
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
        from broadsheet.rerank.cross_encoder import encode_pairs

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


def _require_splits(newsroom: Newsroom, *splits: str) -> None:
    """Raise CorpusError for missing splits, before the long work."""
    missing = [newsroom.impressions(split) for split in splits if not newsroom.impressions(split).is_file()]
    if missing:
        names = ", ".join(map(str, dict.fromkeys(missing)))
        raise CorpusError(
            f"{names}: no such split. Import it: `broadsheet import mind DIR --into {newsroom.path} --split NAME`."
        )


def _impressions(bench: Workbench, split: str) -> list[tuple[list[int], list[int], list[bool]]]:
    """Return history rows, shown rows and clicks of the impressions that can be learned from: those with both kinds."""
    found = []
    row_of = bench.catalogue.row_of
    for row in _rows(read_table(bench.newsroom.impressions(split), IMPRESSIONS)):
        labelled = zip(row["shown"], row["clicked"], strict=False)  # an unlabelled impression has no `clicked`
        shown = [(row_of[news_id], flag) for news_id, flag in labelled if news_id in row_of]
        flags = [flag for _, flag in shown]
        if any(flags) and not all(flags):
            found.append((bench.catalogue.rows(row["history"]), [news for news, _ in shown], flags))
    if not found:
        raise CorpusError(
            f"split {split!r}: no impression shows both a clicked article and another, with text. "
            "Import news for it, or name another."
        )
    return found


def _examples(bench: Workbench, split: str) -> list[Example]:
    from broadsheet.rerank.training import Example

    return [
        Example(history, news, [other for other, hit in zip(shown, flags, strict=True) if not hit])
        for history, shown, flags in _impressions(bench, split)
        for news, flag in zip(shown, flags, strict=True)
        if flag
    ]


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.select(["history", "shown", "clicked"]).to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


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
    name = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    folder = bench.newsroom.reranker.with_name(f".reranker-training-{name}")
    write_json(folder / "settings.json", settings)
    return folder


def _card(
    train: str, valid: str, clicks: int, impressions: int, metrics: dict[str, float], log: list[dict[str, float]]
) -> dict[str, Any]:
    return {
        "broadsheet": __version__,
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["broadsheet", *sys.argv[1:]]),
        "train": {"split": train, "clicks": clicks},
        "valid": {"split": valid, "impressions": impressions, **metrics},
        "valid_ndcg@10_by_epoch": {str(row["epoch"]): row["eval_ndcg@10"] for row in log if "eval_ndcg@10" in row},
    }


def _swap(new: Path, target: Path) -> None:
    """Make `target` a link to a finished folder in one atomic step, and remove the folder that it named before."""
    former = target.resolve()
    if target.is_dir() and not target.is_symlink():  # a folder that was put there by hand
        former = target.rename(target.with_name(f".{target.name}-former"))
    kept = target.with_name(f"{target.name}-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S.%fZ}")
    new.rename(kept)
    link = target.with_name(f".{target.name}.{os.getpid()}")
    link.unlink(missing_ok=True)
    link.symlink_to(kept.name)
    os.replace(link, target)  # noqa: PTH105
    sync_folder(target.parent)
    remove_folder(former)

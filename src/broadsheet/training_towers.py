"""Training a newsroom's own towers from its corpus: `broadsheet train towers`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.build import prepare_vectors
from broadsheet.config import Config
from broadsheet.errors import CorpusError, InputError
from broadsheet.newsroom import Newsroom, remove_folder
from broadsheet.training_data import Labelled, read_labelled, read_rankable, require_splits
from broadsheet.training_folder import new_card, swap, work_folder
from broadsheet.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.retrieval.examples import Example, Reader
    from broadsheet.retrieval.towers import Mode
    from broadsheet.retrieval.two_towers import TwoTowers

Report = Callable[[str], None]

VALID_LIMIT = 500
"""Impressions that each epoch is measured on; enough to choose an epoch by."""


def train_towers(
    newsroom: Newsroom,
    *,
    train: str,
    valid: str,
    mode: Mode = "frozen",
    seed: int = 0,
    out: Path | None = None,
    report: Report = lambda line: None,
) -> str:
    """Train the towers on impressions and histories, and put them in models/towers, which the next build uses, or `out`.

    The best epoch by nDCG@10 on `valid` is kept, averaged with others where that is no worse; a training that was
    killed goes on from its last epoch. Returns a summary. Raises CorpusError if a split is missing or holds nothing to
    learn from or to measure, TrainingError if the loss is no number or memory runs out.
    """
    from accelerate import PartialState
    from broadsheet.retrieval.towers import MODES, save_towers

    if mode not in MODES:
        raise InputError(f"mode: found {mode!r}, expected one of {', '.join(MODES)}.")
    require_splits(newsroom, train, valid)
    process = PartialState()
    bench = _open(newsroom, process, report)
    target = newsroom.towers if out is None else out
    with newsroom.lock() if process.is_main_process else nullcontext():
        learn, check = _items(bench, train), _measured(bench, valid)
        work = work_folder(target, _settings(bench, train, valid, mode, seed, len(learn)))
        model, log, metrics = _train(bench, learn, check, mode, seed, work)
        process.wait_for_everyone()
        if process.is_main_process:
            card = _card(bench, train, valid, seed, learn, check, metrics, log)
            remove_folder(work / "towers")
            save_towers(model, work / "towers", mode=mode, base=bench.config.retrieval.encoder, card=card)
            swap(work / "towers", target)
            remove_folder(work)
    reached = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    return f"{target}: {mode}, trained on {_count(learn)} of {train}; on {len(check)} impressions of {valid}: {reached}"


def _open(newsroom: Newsroom, process: Any, report: Report) -> Workbench:  # noqa: ANN401
    """Return a workbench with untrained towers; of several processes the first makes the vectors, the others read them."""
    config = newsroom.config()
    config = replace(config, retrieval=replace(config.retrieval, towers="untrained"))
    if process.is_main_process:
        bench = prepare_vectors(newsroom, report, config)
        process.wait_for_everyone()
        return bench
    process.wait_for_everyone()
    from broadsheet.audience import read_clock

    edition = newsroom.building
    return Workbench(newsroom, edition, config, read_clock(config.clock, edition.news, edition.clicks))


def _train(
    bench: Workbench, learn: list[Example | Reader], check: list[Labelled], mode: Mode, seed: int, work: Path
) -> tuple[TwoTowers, list[dict[str, float]], dict[str, float]]:
    from transformers import set_seed

    from broadsheet.retrieval.examples import BatchMaker
    from broadsheet.retrieval.fit import fit
    from broadsheet.training_measure import TowersMeasure

    recipe, history = bench.config.towers, bench.config.retrieval.history
    set_seed(seed)
    model = _new_model(bench, learn, mode)
    tokens = _tokens(bench, recipe.text_drop) if mode != "frozen" else None
    make_batch = BatchMaker(
        history=history,
        negatives=recipe.negatives,
        next_clicks=recipe.next_clicks,
        history_drop=recipe.history_drop,
        tokenise=tokens,
        encode_history=recipe.encode_history,
    )
    measure = TowersMeasure(check, history=history, tokenise=_tokens(bench, 0.0) if mode != "frozen" else None)
    log = fit(model, learn, make_batch, measure, recipe=recipe, seed=seed, folder=work / "checkpoints")
    return model, log, measure.metrics(model)


def _new_model(bench: Workbench, learn: list[Example | Reader], mode: Mode) -> TwoTowers:
    import torch

    from broadsheet.retrieval.towers import new_encoder
    from broadsheet.retrieval.two_towers import TwoTowers
    from broadsheet.retrieval.user_tower import UserTower

    recipe, retrieval = bench.config.towers, bench.config.retrieval
    tower = UserTower(
        bench.news_tower.dim, history=retrieval.history, interests=recipe.interests, layers=recipe.layers
    )
    for part in tower.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = recipe.dropout
    return TwoTowers(
        tower,
        new_encoder(retrieval.encoder, mode),
        torch.from_numpy(bench.catalogue.vectors.copy()),
        torch.from_numpy(_log_popularity(learn, len(bench.catalogue))),
        temperature=recipe.temperature,
        in_batch=recipe.in_batch,
        distillation=recipe.distillation,
        adversarial=recipe.adversarial,
        recompute=recipe.recompute,
    )


def _tokens(bench: Workbench, text_drop: float) -> Any:  # noqa: ANN401
    from broadsheet import models
    from broadsheet.retrieval.article_tokens import ArticleTokens

    settings = bench.config.retrieval
    tokenizer = models.load("AutoTokenizer", models.resolve(settings.encoder))
    return ArticleTokens(bench.catalogue.news, tokenizer, max_tokens=settings.max_tokens, text_drop=text_drop)


def _log_popularity(learn: list[Example | Reader], articles: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the log of how often each article is a click to learn, smoothed by one, over the mean article's."""
    from broadsheet.retrieval.examples import Example

    clicked = [row for item in learn for row in ([item.clicked] if isinstance(item, Example) else item.history[1:])]
    counts = np.bincount(np.array(clicked, np.int64), minlength=articles) + 1.0
    return np.log(counts / counts.mean()).astype(np.float32)


def _items(bench: Workbench, split: str) -> list[Example | Reader]:
    """Return the clicks of a split by readers with a history, and the readers whose histories have next clicks.

    Raises CorpusError if there are neither.
    """
    from broadsheet.retrieval.examples import Example, Reader

    impressions = [one for one in read_labelled(bench, split) if one.history]
    items: list[Example | Reader] = []
    histories: dict[str, list[int]] = {}
    for one in impressions:
        others = [row for row, hit in zip(one.shown, one.clicked, strict=True) if not hit]
        clicked = [row for row, hit in zip(one.shown, one.clicked, strict=True) if hit]
        items += [Example(one.history, row, others, others=clicked, name=one.name) for row in clicked]
        if len(one.history) > len(histories.get(one.user_id, [])):
            histories[one.user_id] = one.history
    if bench.config.towers.next_clicks:
        items += [Reader(history, f"reader {user}") for user, history in histories.items() if len(history) > 1]
    if not items:
        raise CorpusError(
            f"split {split!r}: no click by a reader with a history of articles with text, so there is nothing to learn "
            "from. Import histories or news for it, or name another split."
        )
    return _with_teacher(bench, _with_mined(bench, items))


def _with_mined(bench: Workbench, items: list[Example | Reader]) -> list[Example | Reader]:
    """Give each click of an impression the hard negatives that the config asks for."""
    from broadsheet.retrieval.examples import Example
    from broadsheet.retrieval.hard_negatives import mine

    count = bench.config.towers.hard_negatives
    places = [place for place, item in enumerate(items) if isinstance(item, Example)]
    if not count or not places:
        return items
    clicks = [item for item in items if isinstance(item, Example)]
    vectors = bench.catalogue.vectors
    users = bench.user_tower.encode([vectors[click.history] for click in clicks])[:, 0]
    known = [[*click.history, click.clicked, *click.shown, *click.others] for click in clicks]
    clicked = vectors[[click.clicked for click in clicks]]
    mined = mine(users, clicked, known, bench.index, count=count, rng=np.random.default_rng(0))
    found = list(items)
    for place, click, rows in zip(places, clicks, mined, strict=True):
        found[place] = replace(click, mined=rows)
    return found


def _with_teacher(bench: Workbench, items: list[Example | Reader]) -> list[Example | Reader]:
    """Give each click of an impression the cross-encoder's logits, if the config asks for them.

    Raises CorpusError if there is no trained cross-encoder.
    """
    from broadsheet.rerank.pairs import make_pairs, nearest_history
    from broadsheet.retrieval.examples import Example

    if not bench.config.towers.distillation:
        return items
    if bench.cross_encoder is None:
        raise CorpusError("towers.distillation: no cross-encoder is trained. Run `broadsheet train reranker` first.")
    catalogue, settings = bench.catalogue, bench.config
    clicks = [(place, item) for place, item in enumerate(items) if isinstance(item, Example)]
    pairs = []
    for _, click in clicks:
        candidates = [click.clicked, *click.shown]
        history = click.history[-settings.retrieval.history :]
        nearest = nearest_history(catalogue, history, candidates, settings.rerank.headlines)
        pairs += make_pairs(catalogue, nearest, candidates)
    scores = np.clip(bench.cross_encoder(pairs).astype(np.float64), 1e-6, 1 - 1e-6)
    logits = np.log(scores / (1 - scores)).tolist()
    found, start = list(items), 0
    for place, click in clicks:
        end = start + 1 + len(click.shown)
        found[place], start = replace(click, teacher=logits[start:end]), end
    return found


def _measured(bench: Workbench, split: str) -> list[Labelled]:
    """Return the impressions that each epoch is measured on; raises CorpusError if no reader of them has a history."""
    found = [one for one in read_rankable(bench, split) if one.history][:VALID_LIMIT]
    if not found:
        raise CorpusError(
            f"split {split!r}: no impression by a reader with a history of articles with text. Name another split."
        )
    return found


def _settings(bench: Workbench, train: str, valid: str, mode: str, seed: int, items: int) -> dict[str, Any]:
    """Return all that decides the result: a training with other settings does not go on from the same checkpoints."""
    from broadsheet import models

    retrieval = bench.config.retrieval
    return {
        **{"train": train, "valid": valid, "mode": mode, "seed": seed, "items": items},
        "recipe": asdict(bench.config.towers),
        "base_fingerprint": models.fingerprint(retrieval.encoder),
        "vectors": bench.news_tower.fingerprint,
        "articles": len(bench.catalogue),
        "history": retrieval.history,
        "max_tokens": retrieval.max_tokens,
    }


def _card(
    bench: Workbench,
    train: str,
    valid: str,
    seed: int,
    learn: list[Example | Reader],
    check: list[Labelled],
    metrics: dict[str, float],
    log: list[dict[str, float]],
) -> dict[str, Any]:
    return {
        **new_card(log),
        "train": {"split": train, "items": _count(learn)},
        "valid": {"split": valid, "impressions": len(check), **metrics},
        "recipe": {**asdict(bench.config.towers), "seed": seed},
    }


def _count(learn: list[Example | Reader]) -> str:
    from broadsheet.retrieval.examples import Example

    clicks = sum(isinstance(item, Example) for item in learn)
    return f"{clicks} clicks and {len(learn) - clicks} histories"

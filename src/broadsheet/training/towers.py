"""Training a newsroom's own towers from its corpus: `broadsheet train towers`."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.errors import CorpusError
from broadsheet.models import loading as models
from broadsheet.newsroom import Newsroom
from broadsheet.offline.impressions import Labelled, read_labelled, read_rankable, require_splits
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.progress import Say, silent
from broadsheet.tables.files import file_sha256, remove_folder
from broadsheet.training.folder import check_arguments, new_card, swap, work_folder
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import Workbench, open_workbench

if TYPE_CHECKING:
    from broadsheet.retrieval.towers.trained import Mode
    from broadsheet.retrieval.towers.two_towers import TwoTowers
    from broadsheet.retrieval.training.article_tokens import ArticleTokens
    from broadsheet.training.tower_examples import Items


VALID_LIMIT, ENCODED_LIMIT = 500, 250
"""Impressions that each epoch is measured on; fewer where their articles are encoded for it."""


def train_towers(
    newsroom: Newsroom,
    *,
    train: str | None = None,
    valid: str | None = None,
    mode: str = "frozen",
    seed: int = 0,
    out: Path | None = None,
    say: Say = silent,
) -> str:
    """Train the towers on impressions and histories, into models/towers, which the next build uses, or into `out`.

    Without splits it learns from the click log, whose last tenth is measured. The best epoch by nDCG@10 on `valid` is
    kept, averaged with others where that is no worse; a training that was killed goes on from its last epoch. Returns a
    summary. Raises CorpusError if a split is missing or holds nothing to learn from or to measure, TrainingError if the
    loss is no number or memory runs out.
    """
    from accelerate import PartialState

    from broadsheet.retrieval.towers.trained import MODES, USER_TOWER, save_towers
    from broadsheet.training.source_weights import tune_weights
    from broadsheet.training.tower_examples import count_items, read_items

    check_arguments(train, valid, out, MODES, mode, USER_TOWER)
    chosen = next(name for name in MODES if name == mode)
    require_splits(newsroom, *filter(None, (train, valid)))
    process = PartialState(cpu=models.pick_device().type == "cpu")
    bench = _open(newsroom, process, say)
    target = newsroom.towers if out is None else out
    with newsroom.lock() if process.is_main_process else nullcontext():
        labelled, measured = _read(bench, train, valid)
        learn = read_items(bench, labelled, train or "clicks")
        check = _with_history(measured, valid or "clicks")[: VALID_LIMIT if mode == "frozen" else ENCODED_LIMIT]
        work = work_folder(target, _settings(bench, train, valid, mode, seed))
        model, log, metrics = _train(bench, learn, check, chosen, seed, work)
        process.wait_for_everyone()
        if process.is_main_process:
            card = _card(bench, train, valid, seed, learn, check, metrics, log)
            remove_folder(work / "towers")
            save_towers(model, work / "towers", mode=chosen, base=bench.config.retrieval.encoder, card=card)
    if process.is_main_process:
        if valid:
            say(tune_weights(newsroom, work / "towers", valid, say))
        with newsroom.lock():
            swap(work / "towers", target)
            remove_folder(work)
    reached = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    learned = f"{mode}, trained on {count_items(learn)} of {train or 'the click log'}"
    build = "" if mode == "frozen" else f". Article vectors change: run `broadsheet build {newsroom.path}`"
    return f"{target}: {learned}; on {len(check)} impressions of {valid or 'its end'}: {reached}{build}"


def _read(bench: Workbench, train: str | None, valid: str | None) -> tuple[list[Labelled], list[Labelled]]:
    if train and valid:
        return read_labelled(bench, train), read_rankable(bench, valid)
    from broadsheet.training.click_examples import read_clicks

    return read_clicks(bench)


def _open(newsroom: Newsroom, process: Any, say: Say) -> Workbench:  # noqa: ANN401
    """Return a workbench with untrained towers; of several processes the first makes the vectors."""
    config = newsroom.config()
    config = replace(config, retrieval=replace(config.retrieval, towers="untrained"))
    if process.is_main_process:
        bench = prepare_vectors(newsroom, say, config)
        process.wait_for_everyone()
        return bench
    process.wait_for_everyone()
    return open_workbench(EditionModels(newsroom, config), newsroom.building)


def _train(
    bench: Workbench, learn: Items, check: list[Labelled], mode: Mode, seed: int, work: Path
) -> tuple[TwoTowers, list[dict[str, float]], dict[str, float]]:
    from transformers import set_seed

    from broadsheet.retrieval.training.examples import BatchMaker
    from broadsheet.retrieval.training.fit import fit
    from broadsheet.training.tower_measure import TowersMeasure

    recipe, history = bench.config.towers, bench.config.retrieval.history
    set_seed(seed)
    model = new_model(bench, learn, mode)
    tokens = make_tokens(bench, recipe.text_drop) if mode != "frozen" else None
    make_batch = BatchMaker(
        history=history,
        negatives=recipe.negatives,
        next_clicks=max(1, recipe.next_clicks),  # readers are among the items only where they are to be learned from
        history_drop=recipe.history_drop,
        tokenise=tokens,
        encode_history=recipe.encode_history,
    )
    measure = TowersMeasure(check, history=history, tokenise=make_tokens(bench, 0.0) if mode != "frozen" else None)
    log = fit(model, learn, make_batch, measure, recipe=recipe, seed=seed, folder=work / "checkpoints")
    return model, log, measure.metrics(model)


def new_model(bench: Workbench, learn: Items, mode: Mode) -> TwoTowers:
    """Return untrained towers as the config wants them, over the workbench's vectors."""
    import torch

    from broadsheet.retrieval.towers.trained import new_encoder
    from broadsheet.retrieval.towers.two_towers import TwoTowers
    from broadsheet.retrieval.towers.user_tower import UserTower
    from broadsheet.training.tower_examples import log_popularity

    recipe, retrieval = bench.config.towers, bench.config.retrieval
    tower = UserTower(bench.news_tower.dim, history=retrieval.history, interests=recipe.interests, layers=recipe.layers)
    for part in tower.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = recipe.dropout
    return TwoTowers(
        tower,
        new_encoder(retrieval.encoder, mode),
        torch.from_numpy(bench.catalogue.vectors.whole().copy()),
        torch.from_numpy(log_popularity(learn, len(bench.catalogue))),
        temperature=recipe.temperature,
        anchor=recipe.anchor,
        in_batch=recipe.in_batch,
        distillation=recipe.distillation,
        adversarial=recipe.adversarial,
        recompute=recipe.recompute,
    )


def make_tokens(bench: Workbench, text_drop: float) -> ArticleTokens:
    """Return the tokeniser of the workbench's articles."""
    from broadsheet.retrieval.training.article_tokens import ArticleTokens

    settings = bench.config.retrieval
    tokenizer = models.load("AutoTokenizer", models.resolve(settings.encoder))
    news, text = bench.catalogue.news, bench.news_tower.text
    return ArticleTokens(news, tokenizer, max_tokens=settings.max_tokens, text_drop=text_drop, text=text)


def _with_history(measured: list[Labelled], split: str) -> list[Labelled]:
    """Return the impressions by readers with a history; raises CorpusError if there are none."""
    found = [one for one in measured if one.history]
    if not found:
        raise CorpusError(
            f"split {split!r}: no impression by a reader with a history of articles with text. Name another split."
        )
    return found


def _settings(bench: Workbench, train: str | None, valid: str | None, mode: str, seed: int) -> dict[str, Any]:
    """Return all that decides the result: a training with other settings does not go on from the same checkpoints."""
    retrieval, recipe = bench.config.retrieval, bench.config.towers
    learned = [bench.newsroom.impressions(split) for split in (train, valid) if split] or [bench.edition.clicks]
    teacher = bench.cross_encoder if recipe.distillation else None
    return {
        **{"train": train, "valid": valid, "mode": mode, "seed": seed, "recipe": asdict(recipe)},
        "data": [file_sha256(path) for path in learned if path.is_file()],
        "teacher": teacher.fingerprint if teacher else "",
        "base_fingerprint": models.fingerprint(retrieval.encoder),
        "vectors": bench.news_tower.fingerprint,
        "articles": len(bench.catalogue),
        "history": retrieval.history,
        "max_tokens": retrieval.max_tokens,
    }


def _card(
    bench: Workbench,
    train: str | None,
    valid: str | None,
    seed: int,
    learn: Items,
    check: list[Labelled],
    metrics: dict[str, float],
    log: list[dict[str, float]],
) -> dict[str, Any]:
    from broadsheet.training.tower_examples import count_items

    return {
        **new_card(log),
        "train": {"split": train or "click log", "items": count_items(learn)},
        "valid": {"split": valid or "click log", "impressions": len(check), **metrics},
        "recipe": {**asdict(bench.config.towers), "seed": seed},
    }

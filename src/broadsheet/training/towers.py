"""Training a newsroom's own towers from its corpus: `broadsheet train towers`."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.config.settings import Config
from broadsheet.corpus.impressions import Impression, read_impressions, read_rankable, require_splits
from broadsheet.errors import ModelError
from broadsheet.models import loading
from broadsheet.newsroom import Newsroom
from broadsheet.offline.lazy_index import searched_lazily
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.progress import Say, silent
from broadsheet.tables.files import file_sha256
from broadsheet.training.folder import SplitTraining, WorkFolder, learned_until, new_card
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import Workbench, open_workbench

if TYPE_CHECKING:
    from broadsheet.models.trainer import Log
    from broadsheet.retrieval.towers.trained import Mode
    from broadsheet.retrieval.towers.two_towers import TwoTowers
    from broadsheet.retrieval.towers.user_tower import UserTower
    from broadsheet.retrieval.training.article_tokens import ArticleTokens
    from broadsheet.training.tower_examples import Items
    from broadsheet.training.tower_measure import TowersMeasure


VALID_LIMIT, ENCODED_LIMIT = 1_500, 600
"""Impressions that each epoch is measured on; fewer where their articles are encoded for it."""


def train_towers(
    newsroom: Newsroom,
    *,
    train: str | None = None,
    valid: str | None = None,
    mode: str = "frozen",
    seed: int = 0,
    share: float = 1.0,
    sources: bool = True,
    out: Path | None = None,
    config: Config | None = None,
    say: Say = silent,
) -> str:
    """Train the towers on impressions and histories, into models/towers, which the next build uses, or into `out`.

    `config` stands in for that of the newsroom. `share` is the part of the impressions of `train` that is learned from.
    With `sources` the weights of the candidate sources are chosen too, on `valid`.

    Without splits it learns from the click log, whose last tenth is measured. The best epoch by nDCG@10 on `valid` is
    kept, averaged with others where that is no worse; a training that was killed goes on from its last epoch. Returns a
    summary. Raises CorpusError if a split is missing or holds nothing to learn from or to measure, TrainingError if the
    loss is no number or memory runs out.
    """
    from accelerate import PartialState

    from broadsheet.retrieval.towers.trained import MODES, USER_TOWER, save_towers
    from broadsheet.training.source_weights import tune_weights
    from broadsheet.training.tower_examples import count_items

    asked = SplitTraining(train, valid, mode, seed, share)
    asked.check(out, MODES, USER_TOWER)
    chosen = next(name for name in MODES if name == mode)
    require_splits(newsroom, *filter(None, (train, valid)))
    process = PartialState(cpu=loading.pick_device().type == "cpu")
    bench = _open(newsroom.config() if config is None else config, newsroom, chosen, process, say)
    target = newsroom.towers if out is None else out
    with newsroom.lock() if process.is_main_process else nullcontext():
        impressions, items, measured = _read(bench, asked)
        work = WorkFolder(target, _settings(bench.data, bench.models, asked))
        measure = _measure(bench.data, bench.models, chosen, measured)
        model, log = _train(bench.data, bench.models, chosen, items, measure, seed=seed, checkpoints=work.checkpoints)
        metrics = measure.metrics(model)
        process.wait_for_everyone()
        if process.is_main_process:
            card = {
                **new_card(log),
                **learned_until(impressions),
                "train": {"split": train or "click log", "items": count_items(items)},
                "valid": {"split": valid or "click log", "impressions": len(measured), **metrics},
                "recipe": {**asdict(bench.models.config.towers), "seed": seed},
            }
            models = bench.models
            save_towers(model, work.clear_result(), mode=chosen, base=models.encoder, card=card, kept=models.towers)
    if process.is_main_process:
        if valid and sources:
            say(tune_weights(newsroom, work.result, valid, say))
        with newsroom.lock():
            work.put_in_place()
    reached = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    learned = f"{mode}, trained on {count_items(items)} of {train or 'the click log'}"
    build = "" if mode == "frozen" else f". Article vectors change: run `broadsheet build {newsroom.path}`"
    return f"{target}: {learned}; on {len(measured)} impressions of {valid or 'its end'}: {reached}{build}"


def _read(bench: Workbench, asked: SplitTraining) -> tuple[list[Impression], Items, list[Impression]]:
    """Return impressions, what is learned from them, and the impressions that each epoch is measured on."""
    from broadsheet.training.click_examples import read_clicks
    from broadsheet.training.tower_examples import read_items, with_history

    if asked.train and asked.valid:
        learned = asked.draw(read_impressions(bench.data.newsroom, bench.data.catalogue, asked.train))
        measured = read_rankable(bench.data.newsroom, bench.data.catalogue, asked.valid)
    else:
        learned, measured = read_clicks(bench.data)
    limit = VALID_LIMIT if asked.mode == "frozen" else ENCODED_LIMIT
    return (
        learned,
        read_items(bench.data, bench.models, bench.search, learned, asked.train or "clicks"),
        with_history(measured, asked.valid or "clicks")[:limit],
    )


def _open(config: Config, newsroom: Newsroom, mode: Mode, process: Any, say: Say) -> Workbench:  # noqa: ANN401
    """Return a workbench with the vectors to learn on; of several processes the first makes them.

    In the mode frozen they are those in use. Where the news tower learns, it starts from the base model. So does the
    user tower if the towers in use cannot be used, since training anew is what mends them.
    """
    try:
        kept = EditionModels(newsroom, config).towers if mode == "frozen" else None
    except ModelError as error:
        say(
            f"The user tower learns on the base model's vectors, because the towers in use cannot be used: {error} "
            f"If the edition has other vectors, run `broadsheet build {newsroom.path}` after the training."
        )
        kept = None
    towers = "untrained" if kept is None else str(kept)
    config = replace(config, retrieval=replace(config.retrieval, towers=towers))
    if process.is_main_process:
        bench = prepare_vectors(newsroom, say, config)
        process.wait_for_everyone()
        return bench
    process.wait_for_everyone()
    return searched_lazily(open_workbench(EditionModels(newsroom, config), newsroom.building), silent)


def _measure(data: EditionData, models: EditionModels, mode: Mode, impressions: list[Impression]) -> TowersMeasure:
    from broadsheet.training.tower_measure import TowersMeasure

    tokenise = make_tokens(data, models, 0.0) if mode != "frozen" else None
    return TowersMeasure(impressions, history=models.config.retrieval.history, tokenise=tokenise)


def _train(
    data: EditionData,
    models: EditionModels,
    mode: Mode,
    items: Items,
    measure: TowersMeasure,
    *,
    seed: int,
    checkpoints: Path,
) -> tuple[TwoTowers, Log]:
    from transformers import set_seed

    from broadsheet.retrieval.training.examples import BatchMaker
    from broadsheet.retrieval.training.fit import fit

    recipe = models.config.towers
    set_seed(seed)
    model = new_model(data, models, items, mode)
    make_batch = BatchMaker(
        history=models.config.retrieval.history,
        negatives=recipe.negatives,
        next_clicks=max(1, recipe.next_clicks),  # histories are among the items only where they are learned from
        history_drop=recipe.history_drop,
        tokenise=make_tokens(data, models, recipe.text_drop) if mode != "frozen" else None,
        encode_history=recipe.encode_history,
    )
    return model, fit(model, items, make_batch, measure, recipe=recipe, seed=seed, folder=checkpoints)


def new_model(
    data: EditionData, models: EditionModels, items: Items, mode: Mode, tower: UserTower | None = None
) -> TwoTowers:
    """Return towers to train as the config wants them, over the vectors of the articles.

    The user tower is `tower`, else an untrained one.
    """
    import torch

    from broadsheet.retrieval.towers.trained import new_encoder
    from broadsheet.retrieval.towers.two_towers import TwoTowers
    from broadsheet.retrieval.towers.user_tower import UserTower
    from broadsheet.training.tower_examples import log_popularity

    recipe, retrieval = models.config.towers, models.config.retrieval
    if tower is None:
        shape = {"interests": recipe.interests, "layers": recipe.layers}
        tower = UserTower(models.news_tower.dim, history=retrieval.history, **shape)
    for part in tower.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = recipe.dropout
    return TwoTowers(
        tower,
        new_encoder(models.encoder, mode),
        torch.from_numpy(data.catalogue.vectors.whole().copy()),
        torch.from_numpy(log_popularity(items, len(data.catalogue))),
        temperature=recipe.temperature,
        anchor=recipe.anchor,
        in_batch=recipe.in_batch,
        distillation=recipe.distillation,
        adversarial=recipe.adversarial,
        recompute=recipe.recompute,
        centre=models.news_tower.recipe.centre,
    )


def make_tokens(data: EditionData, models: EditionModels, text_drop: float) -> ArticleTokens:
    """Return the tokeniser of the articles."""
    from broadsheet.retrieval.training.article_tokens import ArticleTokens

    settings = models.config.retrieval
    tokenizer = loading.load("AutoTokenizer", loading.resolve(models.encoder))
    news, tower = data.catalogue.news, models.news_tower
    return ArticleTokens(
        news,
        tokenizer,
        max_tokens=settings.max_tokens,
        text_drop=text_drop,
        text=tower.text,
        prefix=tower.recipe.prefix,
    )


def _settings(data: EditionData, models: EditionModels, asked: SplitTraining) -> dict[str, Any]:
    """Return all that decides the result: a training with other settings does not go on from the same checkpoints."""
    retrieval, recipe = models.config.retrieval, models.config.towers
    splits = [data.newsroom.impressions(split) for split in (asked.train, asked.valid) if split]
    teacher = models.cross_encoder if recipe.distillation else None
    return {
        **asked.settings(recipe),
        "data": [file_sha256(path) for path in splits or [data.edition.clicks] if path.is_file()],
        "teacher": teacher.fingerprint if teacher else "",
        "base_fingerprint": loading.fingerprint(models.encoder),
        "vectors": models.news_tower.fingerprint,
        "articles": len(data.catalogue),
        "history": retrieval.history,
        "max_tokens": retrieval.max_tokens,
    }

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import set_seed

from broadsheet.config.training import TowersConfig
from broadsheet.errors import TrainingError
from broadsheet.retrieval.towers.two_towers import TwoTowers
from broadsheet.retrieval.towers.user_tower import UserTower
from broadsheet.retrieval.training.examples import BatchMaker, ClickExample
from broadsheet.retrieval.training.fit import average_checkpoints, fit
from broadsheet.training.overfit import ENOUGH, recall_at_10, recipe
from tests.support.stage_contract import unit

DIM, ARTICLES = 64, 300
QUICK = TowersConfig(epochs=3, patience=3, batch_size=8, learning_rate=3e-3, anchor=0.0, dropout=0.0)
MAKE = BatchMaker(history=5, negatives=2, next_clicks=1, history_drop=0.0)


def vectors():
    return unit(np.random.default_rng(0).normal(size=(ARTICLES, DIM)))


def clicks(count=32):
    """Readers with a history and a click that no other reader has, and two articles shown beside it."""
    rng = np.random.default_rng(1)
    rows = rng.permutation(ARTICLES)[:count].tolist()
    return [
        ClickExample(
            rng.integers(0, ARTICLES, 4).tolist(), row, rng.integers(0, ARTICLES, 2).tolist(), name=f"click {n}"
        )
        for n, row in enumerate(rows)
    ]


def towers(settings=QUICK, stored=None):
    set_seed(0)
    tower = UserTower(DIM, history=5)
    for part in tower.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = settings.dropout
    stored = torch.from_numpy(vectors() if stored is None else stored)
    options = {"in_batch": settings.in_batch, "temperature": settings.temperature, "anchor": settings.anchor}
    off = {"distillation": 0.0, "adversarial": 0.0, "recompute": False}
    return TwoTowers(tower, None, stored, torch.zeros(ARTICLES), **options, **off)


def loss_on(items):
    """A measure that rises as the loss on these items falls."""
    random.seed(5)
    batch = MAKE(items)
    del batch["names"]

    def measure(model):
        with torch.inference_mode():
            return -model.eval()(**batch).item()

    return measure


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def check_equal(found, expected):
    assert set(found) == set(expected)
    assert [name for name in expected if not torch.equal(found[name], expected[name])] == []


def measured(log):
    return [row["eval_ndcg@10"] for row in log if "eval_ndcg@10" in row]


def train(folder, measure=None, settings=QUICK, seed=0, model=None):
    model = towers(settings) if model is None else model
    log = fit(model, clicks(), MAKE, measure or loss_on(clicks()), recipe=settings, seed=seed, folder=folder)
    return weights(model), log


class Stop(BaseException):
    """Stands for a kill."""


def breaking(measure, at, error=Stop):
    calls = iter(range(1, 100))

    def measured(model):
        if next(calls) == at:
            raise error
        return measure(model)

    return measured


def test_a_training_without_regularisation_finds_each_of_200_readers_own_click(tmp_path):
    items = [ClickExample(click.history, click.clicked) for click in clicks(200)]
    settings = replace(recipe(30), learning_rate=1e-2)
    model, articles = towers(settings), vectors()

    def recall(found):
        users = found.user_tower.eval().encode([articles[item.history] for item in items])
        return recall_at_10(users, articles, [item.clicked for item in items])

    assert recall(model) < 0.3, "the clicks have nothing to do with the histories"
    fit(model, items, MAKE, recall, recipe=settings, seed=0, folder=tmp_path)
    assert recall(model) > ENOUGH


def test_training_learns_and_measures_before_and_after_each_epoch(tmp_path):
    _, log = train(tmp_path)
    assert len(measured(log)) == 1 + QUICK.epochs and max(measured(log)) > measured(log)[0] + 0.1


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_training_killed_in_an_epoch_ends_with_the_weights_of_one_that_was_not(tmp_path, epoch):
    whole, log = train(tmp_path / "whole")
    with pytest.raises(Stop):
        train(tmp_path / "killed", breaking(loss_on(clicks()), 1 + epoch))
    again, log_again = train(tmp_path / "killed")
    check_equal(again, whole)
    assert measured(log_again) == measured(log)


def test_a_training_that_only_makes_it_worse_leaves_the_towers_as_they_were(tmp_path):
    before = weights(towers())
    calls = iter(range(100))
    after, log = train(tmp_path, lambda model: -float(next(calls)))
    check_equal(after, before)
    assert measured(log)[:2] == [0, -1]


def test_it_stops_after_epochs_without_a_better_measure(tmp_path):
    settings = replace(QUICK, epochs=9, patience=2)
    calls = iter([0.0, 1.0, *[0.5] * 20])
    _, log = train(tmp_path, lambda model: next(calls), settings)
    assert measured(log) == [0.0, 1.0, 0.5, 0.5]


def test_the_mean_of_checkpoints_is_kept_only_where_it_is_no_worse(tmp_path):
    measure = loss_on(clicks())
    model = towers()
    _, log = train(tmp_path, measure, model=model)
    assert measure(model) >= max(measured(log)) - 1e-6
    best = weights(model)
    average_checkpoints(model, tmp_path, lambda model: -1.0, best=0.0)
    check_equal(weights(model), best)


def test_a_loss_that_is_no_number_is_an_error_that_names_the_batch_and_keeps_the_checkpoints(tmp_path):
    with pytest.raises(Stop):
        train(tmp_path, breaking(loss_on(clicks()), 3))
    kept = sorted(path.name for path in tmp_path.glob("checkpoint-*"))
    poisoned, row = vectors(), clicks()[3].clicked
    poisoned[row] = np.nan
    with pytest.raises(TrainingError, match=r"step \d+: the loss is nan on .*Lower learning_rate") as caught:
        train(tmp_path, lambda model: 0.0, model=towers(stored=poisoned))
    reading = {click.name for click in clicks() if row in (click.clicked, *click.history, *click.shown)}
    named = str(caught.value).partition(" on ")[2].partition(".")[0].split(", ")
    assert len(named) == QUICK.batch_size and reading & set(named)
    assert str(tmp_path) in str(caught.value)
    assert sorted(path.name for path in tmp_path.glob("checkpoint-*")) == kept != []


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_when_memory_runs_out_the_error_says_what_to_lower(tmp_path, error):
    with pytest.raises(TrainingError, match=r"out of memory .*lower batch_size or next_clicks, or set recompute"):
        train(tmp_path, breaking(loss_on(clicks()), 2, error))


def test_other_errors_come_as_they_are(tmp_path):
    with pytest.raises(RuntimeError, match="something else"):
        train(tmp_path, breaking(loss_on(clicks()), 2, RuntimeError("something else")))


def test_another_seed_is_another_training(tmp_path):
    one, _ = train(tmp_path / "one")
    two, _ = train(tmp_path / "two", seed=2)
    assert any(not torch.equal(one[name], two[name]) for name in one)

from datetime import timedelta

import numpy as np
import pytest
import torch

from broadsheet.corpus.impressions import make_impression, read_rankable
from broadsheet.errors import TrainingError
from broadsheet.training.learning_on.comparison import Comparison, compare
from broadsheet.training.learning_on.new_impressions import read_pool
from broadsheet.training.learning_on.page_scores import PageScores, at_few_moments
from broadsheet.training.learning_on.steps import go_on
from broadsheet.training.tower_measure import TowersMeasure
from tests.support.evaluated import SHOWN_AT, row


def fit(model, items, **options):
    settings = {"passes": 2, "batch_size": 2, "learning_rate": 0.1, "weight_decay": 0.0, "seed": 0, "section": "towers"}
    seen = []

    def loss(drawn):
        seen.append(drawn)
        return (model.weight.sum() - 3.0).square()

    return go_on(model, items, loss, **{**settings, **options}), seen


def test_each_pass_reads_each_item_once_and_the_loss_falls():
    model = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(model.weight)
    steps, seen = fit(model, [1, 2, 3, 4, 5], passes=20)
    assert steps == 60 and sorted(one for drawn in seen[:3] for one in drawn) == [1, 2, 3, 4, 5]
    assert seen[:3] != seen[3:6] and not model.training
    assert 2.0 < model.weight.item() < 3.2


def test_a_loss_that_is_no_number_is_one_clear_error():
    model = torch.nn.Linear(1, 1)
    with pytest.raises(
        TrainingError, match=r"step 1 of learning on: the loss is nan\. Lower learning_rate under \[towers"
    ):
        go_on(
            model, [1], lambda _: model.weight.sum() * torch.nan,
            passes=1, batch_size=1, learning_rate=0.1, weight_decay=0, seed=0, section="towers",
        )  # fmt: skip


@pytest.fixture(scope="module")
def pool(bench):
    return read_pool(bench.data.newsroom, bench.data.catalogue)


def test_the_pool_has_the_impressions_in_order_of_time_and_cuts_them_by_time(pool):
    assert len(pool) == 30 and pool.last() == SHOWN_AT + timedelta(minutes=29)
    moment = pool.quantile(0.8)
    assert moment == SHOWN_AT + timedelta(minutes=23)
    assert len(pool.until(moment)) == 24 and len(pool.after(moment)) == 6
    assert len(pool.after(None)) == len(pool.until(None)) == 30 and len(pool.newest(4).read()) == 4
    assert pool.after(pool.last()).last() is None


def test_older_impressions_are_drawn_in_runs_the_same_each_time(pool, monkeypatch):
    monkeypatch.setattr("broadsheet.training.learning_on.new_impressions.RUN", 4)
    drawn = [one.number for one in pool.drawn(10, seed=1).read()]
    assert len(drawn) == 10 and drawn == sorted(drawn) == [one.number for one in pool.drawn(10, seed=1).read()]
    assert len({number // 4 for number in drawn}) <= 4
    assert len(pool.drawn(99, seed=1)) == 30


def test_an_unlabelled_impression_is_nothing_to_learn_from(pool):
    table = pool.table.slice(0, 1)
    assert table.column("clicked").to_pylist() != [[]]
    assert not make_impression(pool.catalogue, table.to_pylist()[0] | {"clicked": []}, 0).rankable


def test_a_challenger_that_ranks_every_click_first_is_better_and_the_other_way_round_worse(bench):
    rows = [row(number, ["N1", "N2", "N3"], [True, False, False]) for number in range(20)]
    rows = [one | {"user_id": f"u{number}"} for number, one in enumerate(rows)]
    impressions = [make_impression(bench.data.catalogue, one, number) for number, one in enumerate(rows)]
    right, wrong = np.tile([3.0, 2.0, 1.0], 20), np.tile([1.0, 2.0, 3.0], 20)
    found = compare(impressions, wrong, right)
    assert found.figures["auc"] == {"before": 0.0, "after": 1.0, "low": 1.0, "high": 1.0}
    assert found.figures["ndcg@10"]["before"] == pytest.approx(0.5) and found.worse(0.005) == []
    worse = compare(impressions, right, wrong).worse(0.005)
    assert worse[1] == "the change of auc is at least -1.0000, expected -0.0050 or more"


@pytest.mark.parametrize("low, refused", [(-0.004, 0), (-0.006, 1)])
def test_the_margin_bounds_the_lower_bound(low, refused):
    found = Comparison({"auc": {"before": 0.7, "after": 0.7, "low": low, "high": 0.01}})
    assert len(found.worse(0.005)) == refused


def test_the_signals_of_a_page_are_as_of_half_hours_and_the_towers_scores_are_its_signal(bench):
    impressions = read_rankable(bench.data.newsroom, bench.data.catalogue, "valid")
    moved = at_few_moments(impressions)
    assert {one.time for one in moved} == {SHOWN_AT} and moved[0].shown == impressions[0].shown
    page = PageScores(bench, impressions)
    assert np.allclose(page.challenger(None, None, None), page.champion())
    shown = sum(len(one.shown) for one in impressions)
    assert not np.allclose(page.challenger(np.linspace(0, 9, shown), None, None), page.champion())
    measure = TowersMeasure(impressions, history=bench.models.config.retrieval.history, tokenise=None)

    class Towers:
        stored = torch.from_numpy(bench.data.catalogue.vectors.whole().copy())
        user_tower = bench.models.user_tower

        def eval(self):
            return self

        def article_vectors(self, batch):
            return self.stored[batch["rows"]]

    assert np.allclose(page.challenger(measure.scores(Towers()), None, None), page.champion(), atol=1e-5)

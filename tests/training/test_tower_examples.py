"""What a training of towers takes from a corpus, and which arguments it refuses."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from broadsheet.corpus.click_log import make_click_log
from broadsheet.corpus.impressions import Impression
from broadsheet.errors import CorpusError, InputError
from broadsheet.models.trainer import epoch_measures, epochs_stopped_after
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.retrieval.training.examples import ClickExample
from broadsheet.training.click_examples import read_clicks
from broadsheet.training.tower_examples import log_popularity, read_items
from broadsheet.training.tower_measure import TowersMeasure
from broadsheet.training.towers import train_towers
from tests.support.stage_contract import NOON, catalogue_of

CATALOGUE = catalogue_of(np.eye(10).tolist())


def labelled_of(user_id, name, history, shown, clicked):
    """An impression of catalogue rows."""
    ids = [CATALOGUE.ids(rows).to_pylist() for rows in (history, shown)]
    return Impression(0, name, user_id, NOON, ids[0], history, ids[1], shown, clicked)


def data_of(*clicks):
    """A stand-in for the data of an edition whose click log has (user, row) at times 0, 1, 2, …."""
    users, rows = np.array(clicks, np.int64).reshape(-1, 2).T
    log = make_click_log(users, rows, np.arange(len(rows), dtype=np.float64))
    return SimpleNamespace(clicks=log, catalogue=CATALOGUE)


def test_histories_come_before_the_last_tenth_of_the_clicks_and_an_article_stands_once():
    data = data_of((1, 5), (2, 6), (1, 7), (1, 5), (2, 8), (1, 9), (2, 9), (3, 4), (3, 6), (1, 6))
    learn, measured = read_clicks(data)
    assert [(one.user_id, one.history_rows, one.shown_rows) for one in learn] == [
        ("1", [7, 5, 9], []),
        ("2", [6, 8, 9], []),
        ("3", [4, 6], []),
    ]
    (click,) = measured  # beside it what others read: neither what this reader knows nor the click itself
    assert click.history_rows == [7, 5, 9] and click.shown_rows == [6, 4, 8] and click.clicked == [True, False, False]
    assert (click.history, click.shown) == (["N7", "N5", "N9"], ["N6", "N4", "N8"])


def test_a_click_log_without_a_past_is_one_clear_error():
    for clicks in [(), ((1, 5),), ((1, 5), (2, 6), (3, 7))]:
        with pytest.raises(CorpusError, match="expected readers with two clicks and more"):
            read_clicks(data_of(*clicks))


def test_clicks_of_a_readers_other_impressions_are_no_negatives(newsroom):
    labelled = [
        labelled_of("a", "first", [1], [2, 3], [True, False]),
        labelled_of("a", "second", [1], [4, 5], [False, True]),
        labelled_of("b", "third", [1], [6], [True]),
        labelled_of("c", "unread", [], [7], [True]),
    ]
    bench = prepare_vectors(newsroom)
    items = read_items(bench.data, bench.models, bench.search, labelled, "train")
    assert items == [
        ClickExample([1], 2, [3], others=[2, 5], name="first"),
        ClickExample([1], 5, [4], others=[2, 5], name="second"),
        ClickExample([1], 6, [], others=[6], name="third"),
    ]
    assert log_popularity(items, 8).argmax() in (2, 5, 6)


def test_articles_older_than_what_the_tower_reads_are_not_looked_up():
    shown, clicked = [3, 4], [True, False]
    measure = TowersMeasure([labelled_of("a", "one", [9, 1, 2], shown, clicked)], history=2, tokenise=None)
    assert measure._rows.tolist() == [1, 2, 3, 4]

    class Towers:
        stored = torch.eye(10)

        def eval(self):
            return self

        def article_vectors(self, batch):
            return self.stored[batch["rows"]]

        @property
        def user_tower(self):
            tower = SimpleNamespace(encode=lambda histories: np.array([history.sum(0)[None] for history in histories]))
            tower.eval = lambda: tower
            return tower

    assert measure.metrics(Towers())["auc"] == 0.5


@pytest.mark.parametrize(
    ("measures", "epochs"), [([], 0), ([0.5, 0.4, 0.3], 0), ([0.4, 0.5, 0.5, 0.3, 0.2], 5), ([0.1, 0.2, 0.3, 0.4], 0)]
)
def test_a_training_that_stopped_early_is_not_gone_on_with(tmp_path, measures, epochs):
    rows = [{"loss": 1.0}, *({"eval_ndcg@10": value} for value in measures)]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": rows}))
    assert epochs_stopped_after(epoch_measures(tmp_path), patience=3) == epochs


def test_a_folder_that_holds_something_else_is_never_replaced(newsroom, tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "figures.json").write_text("{}")
    with pytest.raises(InputError) as caught:
        train_towers(newsroom, train="train", valid="train", out=tmp_path / "results")
    message = str(caught.value)
    assert "is there and holds no user_tower.safetensors" in message and "another and later split" in message
    assert (tmp_path / "results" / "figures.json").is_file()


@pytest.mark.parametrize("splits", [{"train": "train"}, {"valid": "valid"}])
def test_one_split_without_the_other_is_one_clear_error(newsroom, splits):
    with pytest.raises(InputError, match="found only one split, expected both"):
        train_towers(newsroom, **splits)

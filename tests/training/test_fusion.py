import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import CorpusError
from broadsheet.importers.transaction import Import
from broadsheet.metrics.calibration import calibration_error
from broadsheet.rerank.learned_fusion import Lists
from broadsheet.training.fusion import ABSENT, SAME, read_lists, train_fusion, usable
from broadsheet.workbench.workbench import Workbench
from tests.support.evaluated import make_room
from tests.support.tiny import make_impressions


@pytest.fixture
def room(tmp_path, encoder):
    room = make_room(tmp_path / "room", encoder, adapter=False)
    with Import(room) as add:
        add.impressions("tune", make_impressions(40))
    return room


def test_a_learned_fusion_takes_its_place_only_if_it_ranks_the_other_split_better(room, monkeypatch):
    said = train_fusion(room, train="tune", valid="valid")
    assert "valid: learned AUC" in said and "calibration error" in said
    learned, weights = (float(part.split("nDCG@10 ")[1].split(",")[0]) for part in said.split(";")[1:3])
    assert room.fusion.is_dir() is (learned > weights) is (not said.endswith("as well or better."))


def test_signals_that_are_the_same_for_all_or_absent_are_left_out():
    signals = {
        "two_tower": np.array([0.1, 0.2]),
        "relevance": np.array([0.5, 0.5]),
        "freshness": np.array([np.nan, np.nan]),
        "popularity": np.array([1.0, np.inf]),
    }
    found = usable(Lists(signals, np.array([True, False]), np.array([2])))
    assert found == (["two_tower"], {"relevance": SAME, "freshness": ABSENT, "popularity": SAME})


def test_without_a_signal_that_tells_articles_apart_there_is_nothing_to_learn():
    signals = {"two_tower": np.array([0.5, 0.5]), "click_rate": np.array([np.nan, np.inf])}
    with pytest.raises(
        CorpusError, match=r"apart: two_tower is the same for all articles, click_rate is absent\. Import"
    ):
        usable(Lists(signals, np.array([True, False]), np.array([2])))


def test_the_training_says_which_signals_it_leaves_out_and_why(room):
    lines = []
    train_fusion(room, train="tune", valid="valid", say=lines.append)
    assert "signals left out: relevance, absent" in lines[-1]


def test_a_split_that_the_cross_encoder_learned_from_is_refused(room):
    room.reranker.mkdir(parents=True)
    (room.reranker / "card.json").write_text(json.dumps({"train": {"split": "tune"}}))
    with pytest.raises(CorpusError, match=r"split 'tune': .*reranker was trained on it, so .* Name a later split"):
        train_fusion(room, train="tune", valid="valid")


def test_missing_splits_are_one_clear_error(room):
    with pytest.raises(CorpusError, match=r"impressions-none.arrow: no such split"):
        train_fusion(room, train="none", valid="valid")


def test_the_calibration_error_is_the_mean_gap_of_ten_groups():
    rng = np.random.default_rng(0)
    probability = np.sort(rng.random(100))
    clicked = rng.random(100) < 0.3
    gaps = [
        abs(clicked[start : start + 10].mean() - probability[start : start + 10].mean()) for start in range(0, 100, 10)
    ]
    order = rng.permutation(100)
    assert calibration_error(probability[order], clicked[order]) == pytest.approx(np.mean(gaps), abs=1e-4)


def test_equal_predictions_share_their_clicks():
    # Those of 0.2 were clicked 10 times of 50, which is true; those of 0.8 30 times of 50, 0.2 too few.
    clicked = np.concatenate([np.arange(50) < 10, np.arange(50) < 30])
    assert calibration_error(np.repeat([0.2, 0.8], 50), clicked) == pytest.approx(0.1)


def test_a_reader_s_lists_hold_every_signal_of_every_article_shown(room):
    from broadsheet.offline.workbenches import open_bench

    bench = open_bench(room)
    assert isinstance(bench, Workbench)
    lists = read_lists(bench, "valid")
    assert lists.lengths.sum() == len(lists.clicked) and all(
        len(v) == len(lists.clicked) for v in lists.signals.values()
    )


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5]), st.booleans()), min_size=1, max_size=60), st.randoms())
def test_the_calibration_error_does_not_depend_on_the_order_of_the_rows(rows, random):
    shuffled = random.sample(rows, len(rows))
    errors = [
        calibration_error(np.array([one for one, _ in part]), np.array([hit for _, hit in part], bool))
        for part in (rows, shuffled)
    ]
    assert errors[0] == pytest.approx(errors[1], abs=1e-4)


def test_a_constant_prediction_that_is_true_has_no_calibration_error():
    assert calibration_error(np.full(1000, 0.1), np.arange(1000) < 100) == 0

"""The attentive scorer: values by hand, no influence of other candidates, and what it learns from."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.config.training import AttentionConfig
from broadsheet.rerank.attentive_scorer.inputs import COUNTS, InputMaker, Request, count_columns, read_columns
from broadsheet.rerank.attentive_scorer.model import OUTCOMES, START, AttentiveScorer
from broadsheet.rerank.attentive_scorer.scorer import TrainedScorer
from broadsheet.rerank.attentive_scorer.training import (
    BatchMaker,
    ShownList,
    known_reads,
    listwise,
    new_scorer,
    of_outcomes,
)
from tests.support.evaluated import random_scorer
from tests.support.stage_contract import catalogue_of, unit

DRAW = np.random.default_rng(5)
CATALOGUE = catalogue_of(unit(DRAW.normal(size=(12, 8))), category=["sports", "", "science"] * 4)
ROWS = st.integers(0, 11)
NOTHING = np.full(len(COUNTS), np.nan)


def request(history, candidates, counts=None):
    return Request(history, candidates, np.tile(NOTHING, (len(candidates), 1)) if counts is None else counts)


def scores(model, asked):
    return TrainedScorer(model.eval(), 0.0, "")(InputMaker(CATALOGUE), asked)


def test_an_untrained_scorer_has_the_logit_of_the_likeness_to_what_was_read_of_one_article():
    # With one article every head attends to it alone, so its likeness is weighted by START in all.
    likeness = float(CATALOGUE.vectors_of([3])[0] @ CATALOGUE.vectors_of([7])[0])
    found = scores(AttentiveScorer(8, len(COUNTS)), request([3], [7]))
    assert found.tolist() == pytest.approx([1 / (1 + np.exp(-START * likeness))], abs=1e-6)


def test_an_untrained_scorer_finds_nothing_in_a_reader_of_whom_nothing_is_known():
    assert scores(AttentiveScorer(8, len(COUNTS)), request([], [0, 5])).tolist() == [0.5, 0.5]


@settings(deadline=None, max_examples=30)
@given(st.lists(ROWS, max_size=6), st.lists(ROWS, min_size=1, max_size=6), st.integers(0, 9))
def test_a_score_does_not_depend_on_the_candidates_beside_it(history, candidates, seed):
    counts = np.random.default_rng(seed).normal(size=(len(candidates), len(COUNTS)))
    counts[counts > 1] = np.nan
    model = random_scorer(8)
    together = scores(model, request(history, candidates, counts))
    alone = [scores(model, request(history, [row], counts[[n]]))[0] for n, row in enumerate(candidates)]
    assert together.tolist() == pytest.approx(alone, abs=1e-6)


def test_a_request_without_candidates_has_no_scores():
    assert scores(random_scorer(8), request([1, 2], [])).shape == (0,)
    scorer = TrainedScorer(AttentiveScorer(8, len(COUNTS), more=2).eval(), 0.0, "", outcomes=OUTCOMES)
    found = scorer.probabilities(InputMaker(CATALOGUE), request([], []))
    assert [values.shape for values in found.values()] == [(0,), (0,)]


def test_readers_padded_together_get_the_logits_that_each_gets_alone():
    model, make = random_scorer(8), InputMaker(CATALOGUE)
    asked = [request([1, 2, 3], [4, 5]), request([], [6, 7, 8]), request([9], [10])]
    with torch.inference_mode():
        padded = model(make(asked)).numpy()
        for row, one in zip(padded, asked, strict=True):
            assert row[: len(one.candidates)] == pytest.approx(model(make([one]))[0].numpy(), abs=1e-5)


def test_counts_are_logarithms_and_an_absent_or_infinite_signal_is_absent():
    signals = {
        "freshness": np.array([1.0, 0.5, np.nan]),
        "popularity": np.array([0.0, 0.999, np.nan]),
        "click_rate": np.array([0.7, np.inf, 0.0]),
        "trend": np.array([np.nan, 0.1, 0.2]),
        "co_click": np.array([0.009, np.nan, 0.0]),
    }
    found = count_columns(signals)
    assert COUNTS == ("age", "popularity", "click_rate", "trend", "co_click")
    # The ages are 0 and 1 half-lives: log(1 + 0), log(1 + 1).
    assert found[0].tolist() == pytest.approx([0, np.log(0.001), 0.7, np.nan, np.log(0.01)], nan_ok=True)
    assert found[1].tolist() == pytest.approx([np.log(2), 0, np.nan, 0.1, np.nan], nan_ok=True)
    assert found[2].tolist() == pytest.approx([np.nan, np.nan, 0, 0.2, np.log(0.001)], nan_ok=True)


def test_the_loss_compares_each_click_with_what_was_not_clicked_and_with_no_other_click():
    logits, labels = torch.tensor([[1.0, 2.0, 0.0, 9.0]]), torch.tensor([[1, 1, 0, -1]])
    # log(1 + e^(0 - 1)) and log(1 + e^(0 - 2)); the last place is padding.
    expected = (np.log(1 + np.exp(-1)) + np.log(1 + np.exp(-2))) / 2
    assert listwise(logits, labels).item() == pytest.approx(expected, abs=1e-6)


READS_KNOWN = np.array([[3600, 120, 1.0], [60, np.nan, np.nan], [np.nan, np.nan, np.nan]], np.float32)


def test_reads_weigh_what_the_scorer_finds_in_a_history():
    model = random_scorer(8)
    asked = request([1, 2, 3], [4, 5])
    assert scores(model, asked._replace(reads=READS_KNOWN)).tolist() != scores(model, asked).tolist()


def test_reads_of_which_nothing_is_known_add_exactly_nothing():
    model = random_scorer(8)
    without = AttentiveScorer(8, len(COUNTS))
    without.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("reads.")})
    asked = request([1, 2, 3], [4, 5])
    unknown = asked._replace(reads=np.full((3, 3), np.nan, np.float32))
    assert scores(model, asked).tolist() == scores(model, unknown).tolist() == scores(without, asked).tolist()
    assert scores(without, asked._replace(reads=READS_KNOWN)).tolist() == scores(without, asked).tolist()


def shown(history, reads):
    return ShownList(request(history, [4, 5])._replace(reads=reads), np.array([True, False]))


def test_a_scorer_learns_from_reads_only_where_the_corpus_knows_a_tenth_of_them():
    few = [shown([1] * 10, np.full((10, 3), np.nan, np.float32)) for _ in range(2)]
    assert new_scorer(few, CATALOGUE.vectors_of([4, 5]), 0.1).reads is None
    few[0].request.reads[:2, 0] = 60, 3600  # the age of two of 20 articles
    assert known_reads(few).tolist() == [0.1, 0, 0]
    model = new_scorer(few, CATALOGUE.vectors_of([4, 5]), 0.1)
    logs = np.log1p([60, 3600])
    assert model.reads.mean.tolist() == pytest.approx([logs.mean(), 0, 0])
    assert model.reads.scale.tolist() == pytest.approx([logs.std(), 1, 1])


def test_a_history_that_is_cut_keeps_the_reads_of_what_is_left():
    torch.manual_seed(0)
    batch = BatchMaker(InputMaker(CATALOGUE), AttentionConfig(history_cut=1.0))
    made = batch([shown([1, 2, 3], np.arange(9, dtype=np.float32).reshape(3, 3))] * 8)
    expected = read_columns(np.arange(9, dtype=np.float32).reshape(3, 3))
    left = made["read"].sum(1).tolist()
    assert set(left) == {1, 2, 3}
    for row, count in zip(made["reads"].numpy(), left, strict=True):
        np.testing.assert_array_equal(row[:count], expected[:count])
        assert np.isnan(row[count:]).all()


def test_a_long_read_and_a_hide_count_in_the_score_by_their_weights():
    model = AttentiveScorer(8, len(COUNTS), more=2).eval()
    with torch.no_grad():
        model.more.bias.copy_(torch.tensor([0.7, -0.4]))  # of all candidates
    asked, click = request([3], [7, 5]), scores(model, request([3], [7, 5]))
    scorer = TrainedScorer(model, 0.0, "", OUTCOMES, {"long_read": 0.5, "hide": 2.0})
    found, make = scorer(InputMaker(CATALOGUE), asked), InputMaker(CATALOGUE)
    logits = np.log(click / (1 - click)) + 0.5 * np.log(1 / (1 + np.exp(-0.7))) + 2 * np.log(1 / (1 + np.exp(-0.4)))
    assert found.tolist() == pytest.approx((1 / (1 + np.exp(-logits))).tolist(), abs=1e-6)
    assert TrainedScorer(model, 0.0, "", OUTCOMES)(make, asked).tolist() == click.tolist()
    without = TrainedScorer(AttentiveScorer(8, len(COUNTS)).eval(), 0.0, "", (), {"long_read": 0.5})
    assert without(make, asked).tolist() == click.tolist()
    chances = scorer.probabilities(make, asked)
    assert chances["long_read"].tolist() == pytest.approx([1 / (1 + np.exp(-0.7))] * 2)
    assert chances["hide"].tolist() == pytest.approx([1 / (1 + np.exp(0.4))] * 2)


def test_outcomes_are_learned_where_they_are_known():
    logits = torch.tensor([[[2.0, 0.0], [1.0, 0.0]]])
    outcomes = torch.tensor([[[1.0, float("nan")], [float("nan"), float("nan")]]])
    assert of_outcomes(logits, outcomes).item() == pytest.approx(np.log(1 + np.exp(-2)))
    lists = [ShownList(request([1], [4, 5]), np.array([True, False]), np.array([[1, 0], [np.nan, 1]]))]
    batch = BatchMaker(InputMaker(CATALOGUE), AttentionConfig())(lists)
    np.testing.assert_array_equal(batch["outcomes"][0], [[1, 0], [np.nan, 1]])
    assert new_scorer(lists, CATALOGUE.vectors_of([4, 5]), 0.1).more.out_features == 2

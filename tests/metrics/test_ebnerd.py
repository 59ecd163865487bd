import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, log_loss, root_mean_squared_error

from broadsheet.errors import ContractError
from broadsheet.evaluation.plain_metrics import plain_classification, plain_metrics
from broadsheet.metrics.ebnerd import ebnerd_classification, ebnerd_ranking
from broadsheet.metrics.ranking import Impressions, ranking_metrics

lists = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.75, 1.0]), st.booleans()), min_size=1, max_size=15)


def impressions(*rows):
    """Rows of scores and of clicks, such as ([.9, .1], "10")."""
    offsets = np.cumsum([0, *(len(scores) for scores, _ in rows)])
    clicked = [click in ("1", True) for _, clicks in rows for click in clicks]
    return Impressions(np.array([score for scores, _ in rows for score in scores]), np.array(clicked), offsets)


def test_the_reciprocal_rank_is_of_the_first_click_and_mrr_of_all():
    found = ebnerd_ranking(impressions(([0.9, 0.8, 0.7, 0.6], "0101"), ([0.2, 0.4, 0.9], "100"), ([0.5, 0.5], "11")))
    np.testing.assert_allclose(found["reciprocal_rank"], [1 / 2, 1 / 3, np.nan])
    np.testing.assert_allclose(found["mrr"], [(1 / 2 + 1 / 4) / 2, 1 / 3, np.nan])


def test_a_hit_is_any_click_among_the_first_k():
    shown = impressions(([0.9, 0.8, 0.7, 0.6], "0011"), ([0.9, 0.8], "10"), ([0.9, 0.8], "00"))
    found = ebnerd_ranking(shown, depths=(1, 2, 3))
    for k, hits in {1: [0, 1], 2: [0, 1], 3: [1, 1]}.items():
        np.testing.assert_array_equal(found[f"hit_ratio@{k}"], [*hits, np.nan])


def test_the_other_ranking_metrics_are_those_of_mind():
    shown = impressions(([0.9, 0.9, 0.1], "010"), ([0.3, 0.2], "01"))
    found = ebnerd_ranking(shown)
    for name, values in ranking_metrics(shown).items():
        np.testing.assert_array_equal(found[name], values)


def test_metrics_of_probabilities_computed_by_hand():
    found = ebnerd_classification(impressions(([0.8, 0.5, 0.4], "100"), ([0.25, 0.25], "10"), ([0.5, 0.5], "00")))
    np.testing.assert_allclose(found["logloss"], [-np.log(0.8 * 0.5 * 0.6) / 3, -np.log(0.25 * 0.75) / 2, np.nan])
    np.testing.assert_allclose(
        found["rmse"], [np.sqrt((0.04 + 0.25 + 0.16) / 3), np.sqrt((0.5625 + 0.0625) / 2), np.nan]
    )
    np.testing.assert_allclose(found["accuracy"], [2 / 3, 1 / 2, np.nan])  # .5 predicts a click
    np.testing.assert_allclose(found["f1"], [2 / 3, 0, np.nan])


def test_the_threshold_decides_what_is_predicted():
    found = ebnerd_classification(impressions(([0.8, 0.5, 0.4], "100")), threshold=0.6)
    assert found["accuracy"] == [1.0] and found["f1"] == [1.0]


def test_a_sure_prediction_that_is_wrong_costs_a_finite_loss():
    found = ebnerd_classification(impressions(([1.0, 0.0], "01")))
    assert found["logloss"] == pytest.approx([-np.log(1e-11)], rel=1e-6)


@given(lists)
def test_metrics_equal_a_plain_reading_and_scikit_learn(row):
    scores, clicked = [score for score, _ in row], [click for _, click in row]
    found = ebnerd_ranking(impressions((scores, clicked))) | ebnerd_classification(impressions((scores, clicked)))
    expected = plain_metrics(scores, clicked) | plain_classification(scores, clicked)
    assert {name: values[0] for name, values in found.items()} == pytest.approx(expected, nan_ok=True)
    assume(0 < sum(clicked) < len(clicked))
    predicted = [score >= 0.5 for score in scores]
    assert found["logloss"][0] == pytest.approx(log_loss(clicked, np.clip(scores, 1e-11, 1 - 1e-11)))
    assert found["rmse"][0] == pytest.approx(root_mean_squared_error(clicked, scores))
    assert found["accuracy"][0] == pytest.approx(accuracy_score(clicked, predicted))
    assert found["f1"][0] == pytest.approx(f1_score(clicked, predicted))


def test_scores_that_are_no_probabilities_are_refused():
    with pytest.raises(ContractError, match="2 of 3 are below 0 or above 1"):
        ebnerd_classification(impressions(([1.5, -0.1, 0.4], "100")))
    with pytest.raises(ContractError, match="k: found 0"):
        ebnerd_ranking(impressions(([1.5, -0.1], "10")), depths=(0,))

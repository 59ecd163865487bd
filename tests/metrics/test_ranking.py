import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, roc_auc_score

from broadsheet.errors import ContractError
from broadsheet.evaluation.plain_metrics import plain_metrics
from broadsheet.metrics.ranking import Impressions, auc, mean_scores, mrr, ndcg, ranking_metrics

NAMES = ("auc", "mrr", "ndcg@5", "ndcg@10")

# Few distinct values, so that ties are common.
lists = st.lists(st.tuples(st.sampled_from([-2.0, -0.5, 0.0, 0.25, 1.0]), st.booleans()), min_size=1, max_size=20)


def impressions(*rows):
    return Impressions.from_columns(pa.array([row[0] for row in rows]), pa.array([row[1] for row in rows]))


def slow_metrics(scores, clicked):
    return {name: value for name, value in plain_metrics(scores, clicked).items() if name in NAMES}


def test_values_computed_by_hand():
    # By score: miss, click, miss, click, so ranks 2 and 4 are clicks.
    shown = impressions(([0.1, 0.9, 0.5, 0.3], [True, False, True, False]))
    assert auc(shown) == pytest.approx([1 / 4])
    assert mrr(shown) == pytest.approx([(1 / 2 + 1 / 4) / 2])
    discount = [1 / np.log2(rank + 1) for rank in (1, 2, 3, 4)]
    assert ndcg(shown, 5) == pytest.approx([(discount[1] + discount[3]) / (discount[0] + discount[1])])
    assert ndcg(shown, 2) == pytest.approx([discount[1] / (discount[0] + discount[1])])
    assert ndcg(shown, 1) == pytest.approx([0.0])


# log2(3), written out so that the cases below read as fractions.
L3 = 1.584962500721156


@pytest.mark.parametrize(
    ("scores", "clicked", "expected"),
    [
        # the only click first, second and last of three
        ([3, 2, 1], "100", (1, 1, 1, 1)),
        ([3, 2, 1], "010", (1 / 2, 1 / 2, 1 / L3, 1 / L3)),
        ([3, 2, 1], "001", (0, 1 / 3, 1 / 2, 1 / 2)),
        # the same shown in another order
        ([1, 2, 3], "001", (1, 1, 1, 1)),
        ([2, 3, 1], "100", (1 / 2, 1 / 2, 1 / L3, 1 / L3)),
        # two clicks: MRR is over both
        ([4, 3, 2, 1], "1100", (1, 3 / 4, 1, 1)),
        ([4, 3, 2, 1], "0011", (0, (1 / 3 + 1 / 4) / 2, (1 / 2 + 0.4306765580733931) / (1 + 1 / L3), None)),
        ([4, 3, 2, 1], "1001", (1 / 2, 5 / 8, (1 + 0.4306765580733931) / (1 + 1 / L3), None)),
        # all tied: AUC is a half, and the last shown stands first
        ([0, 0, 0], "100", (1 / 2, 1 / 3, 1 / 2, 1 / 2)),
        ([0, 0, 0], "001", (1 / 2, 1, 1, 1)),
        ([0, 0, 0, 0], "0110", (1 / 2, (1 / 2 + 1 / 3) / 2, (1 / L3 + 1 / 2) / (1 + 1 / L3), None)),
        # a click tied with one miss of two
        ([2, 2, 1], "100", (3 / 4, 1 / 2, 1 / L3, 1 / L3)),
        ([2, 2, 1], "010", (3 / 4, 1, 1, 1)),
        ([2, 1, 1], "010", (1 / 4, 1 / 3, 1 / 2, 1 / 2)),
        # two clicks and two misses in two ties
        ([2, 2, 1, 1], "1010", (1 / 2, (1 / 2 + 1 / 4) / 2, (1 / L3 + 0.4306765580733931) / (1 + 1 / L3), None)),
        # a click beyond the fifth rank, and one beyond the tenth
        ([7, 6, 5, 4, 3, 2, 1], "0000001", (0, 1 / 7, 0, 1 / 3)),
        (range(12, 0, -1), "000000000001", (0, 1 / 12, 0, 0)),
        # more clicks than five: the best order has five of them
        ([7, 6, 5, 4, 3, 2, 1], "1111110", (1, 147 / 360, 1, 1)),
        # infinite and negative scores are scores
        ([float("-inf"), -1.0, float("inf")], "001", (1, 1, 1, 1)),
        ([float("-inf"), float("-inf")], "10", (1 / 2, 1 / 2, 1 / L3, 1 / L3)),
    ],
)
def test_cases_computed_by_hand(scores, clicked, expected):
    found = ranking_metrics(impressions(([float(score) for score in scores], [click == "1" for click in clicked])))
    for name, value in zip(NAMES, expected, strict=True):
        value = expected[2] if value is None else value  # fewer than five articles: nDCG@10 is nDCG@5
        assert found[name][0] == pytest.approx(value, abs=1e-12), name


def test_the_mean_leaves_out_what_was_skipped():
    assert mean_scores({"a": np.array([1.0, np.nan, 0.5]), "b": np.array([0.0, 0.0, 1.0])}) == {"a": 0.75, "b": 1 / 3}
    assert np.isnan(mean_scores({"a": np.array([np.nan])})["a"]) and np.isnan(mean_scores({"a": np.zeros(0)})["a"])


def test_a_tie_counts_half_for_auc_and_puts_the_later_article_first_for_the_others():
    shown = impressions(([0.5, 0.5], [True, False]), ([0.5, 0.5], [False, True]))
    assert auc(shown) == pytest.approx([0.5, 0.5])
    assert mrr(shown) == pytest.approx([0.5, 1.0])
    assert ndcg(shown, 5) == pytest.approx([1 / np.log2(3), 1.0])


def test_impressions_without_a_click_or_with_clicks_alone_or_unlabelled_are_nan():
    shown = impressions(
        ([1.0, 2.0], [False, False]),
        ([1.0, 2.0], [True, True]),
        ([1.0, 2.0], []),
        ([], []),
        ([1.0, 2.0], [False, True]),
    )
    for values in ranking_metrics(shown).values():
        assert np.isnan(values).tolist() == [True, True, True, True, False]
        assert values[4] == 1.0


def test_no_impressions_give_no_values():
    shown = Impressions.from_columns(pa.array([], pa.list_(pa.float32())), pa.array([], pa.list_(pa.bool_())))
    assert all(len(values) == 0 for values in ranking_metrics(shown).values())


def test_chunked_and_sliced_columns_are_read_as_they_stand():
    scores = pa.chunked_array([[[9.0, 9.0, 9.0], [0.2, 0.1]], [[0.3, 0.4]]])
    clicked = pa.chunked_array([[[True, True, True], [True, False]], [[True, False]]])
    assert auc(Impressions.from_columns(scores[1:], clicked[1:])).tolist() == [1.0, 0.0]


@given(st.lists(lists, min_size=1, max_size=8))
def test_metrics_equal_a_slow_reading_of_the_definitions(rows):
    rows = [([score for score, _ in row], [click for _, click in row]) for row in rows]
    found = ranking_metrics(impressions(*rows))
    for number, (scores, clicked) in enumerate(rows):
        for name, value in slow_metrics(scores, clicked).items():
            assert found[name][number] == pytest.approx(value, nan_ok=True), name


@given(lists)
def test_auc_equals_scikit_learn_with_ties(row):
    scores, clicked = [score for score, _ in row], [click for _, click in row]
    assume(0 < sum(clicked) < len(clicked))
    assert auc(impressions((scores, clicked)))[0] == pytest.approx(roc_auc_score(clicked, scores))


@given(st.lists(st.booleans(), min_size=2, max_size=30), st.integers(1, 40), st.randoms(use_true_random=False))
def test_ndcg_equals_scikit_learn_without_ties(clicked, k, random):
    assume(0 < sum(clicked) < len(clicked))
    scores = random.sample(range(1000), len(clicked))
    expected = ndcg_score([clicked], [scores], k=k)
    assert ndcg(impressions(([float(score) for score in scores], clicked)), k)[0] == pytest.approx(expected)


@given(lists, st.floats(0.1, 10))
def test_only_the_order_of_the_scores_counts(row, factor):
    scores, clicked = np.array([score for score, _ in row]), [click for _, click in row]
    one, other = impressions((scores, clicked)), impressions((scores * factor + 3, clicked))
    for name, values in ranking_metrics(one).items():
        np.testing.assert_array_equal(values, ranking_metrics(other)[name])


def test_values_keep_the_order_of_the_impressions_beyond_one_block():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 40, 60_000)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    shown = Impressions(rng.random(offsets[-1]), rng.random(offsets[-1]) < 0.1, offsets)
    found = ranking_metrics(shown)
    for number in (0, 1, 31_234, 59_999):
        part = slice(offsets[number], offsets[number + 1])
        for name, value in slow_metrics(shown.scores[part], shown.clicked[part]).items():
            assert found[name][number] == pytest.approx(value, nan_ok=True)


def test_bad_impressions_are_refused_with_all_their_problems():
    with pytest.raises(ContractError, match=r"(?s)3 scores, 2 clicked.*1 scores are NaN"):
        Impressions(np.array([1.0, np.nan, 2.0]), np.array([True, False]), np.array([0, 3]))
    with pytest.raises(ContractError, match="row 1 \\(1 scores, 2 clicks\\)"):
        impressions(([1.0, 2.0], [True, False]), ([1.0], [True, False]))
    with pytest.raises(ContractError, match="1 lists of scores for 2 of clicks"):
        Impressions.from_columns(pa.array([[1.0]]), pa.array([[True], [False]]))
    with pytest.raises(ContractError, match="k: found 0"):
        ndcg(impressions(([1.0, 2.0], [True, False])), 0)

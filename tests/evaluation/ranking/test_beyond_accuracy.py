import numpy as np
import pytest

from broadsheet.corpus.impressions import read_split
from broadsheet.evaluation.ranking.beyond_accuracy import (
    DEFINITIONS,
    KS,
    Served,
    first_places,
    measure_beyond,
    newest_read,
    read_served,
)
from broadsheet.evaluation.ranking.fusion import requests_of
from broadsheet.evaluation.retrieval.measure import reader_slices
from broadsheet.metrics.retrieval import self_information
from tests.support.evaluated import SHOWN_AT
from tests.support.impressions import impression_of
from tests.support.stage_contract import catalogue_of, unit


def served(rows, offsets, read, **changes):
    """Eight articles: six of sports that are alike, and one each of science and politics, of which one points away."""
    known = dict(
        rows=np.array(rows),
        offsets=np.array(offsets),
        information=np.arange(len(rows), dtype=float),
        read=np.array(read),
        vectors=unit([[1, 0]] * 6 + [[0, 1], [-1, 0]]),
        categories=np.array([2] * 6 + [1, 0]),
    )
    return Served(**{**known, **changes})


def test_the_best_of_each_impression_come_first_and_of_ties_the_one_shown_later():
    scores, offsets = np.array([0.5, 0.9, 0.5, 0.1, 0.2]), np.array([0, 4, 5])
    assert first_places(scores, offsets, 3).tolist() == [[1, 2, 0], [4, -1, -1]]


def test_values_computed_by_hand():
    # Sports twice, science and politics, read: sports alone. A second impression shows two of sports.
    shown = served([0, 1, 6, 7, 2, 3], [0, 4, 6], [[2, 2], [2, -1]])
    scores = np.array([4.0, 3.0, 2.0, 1.0, 1.0, 2.0])
    found = measure_beyond({"ours": [scores]}, shown)["ours"]
    # Six pairs: 0-1 alike, 0-6 and 1-6 and 6-7 at right angles, 0-7 and 1-7 opposite.
    np.testing.assert_allclose(found.values["distance@5"], [7 / 6, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.values["miscalibration@5"], [-np.log(0.99 / 2 + 0.01), 0.0], atol=1e-12)
    np.testing.assert_allclose(found.values["category coverage@5"], [1.0, 1 / 3])
    np.testing.assert_allclose(found.values["novelty@5"], [1.5, 4.5])
    # By rank sports have (1 + 1/2) / (1 + 1/2 + 1/3 + 1/4) = 0.72 of the list and all of the history.
    share = 0.72
    middle = (share + 1) / 2
    apart = (share * np.log2(share / middle) + np.log2(1 / middle) + (1 - share)) / 2
    np.testing.assert_allclose(found.values["calibration, category@5"], [apart, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.values["fragmentation@5"], [1.0, 1.0])  # nothing in common
    assert found.whole["gini@5"] == 0.0  # each article that was shown stands in one list
    assert {name.replace("@5", "@k") for name in [*found.values, *found.whole] if name.endswith("@5")} == {*DEFINITIONS}


def test_what_stands_below_the_first_five_counts_at_ten_alone():
    shown = served(range(8), [0, 8], [[2]])
    found = measure_beyond({"ours": [-np.arange(8.0)]}, shown)["ours"]
    assert found.values["distance@5"][0] == pytest.approx(0) and found.values["distance@10"][0] > 0.5
    assert found.values["category coverage@5"].tolist() == [1 / 3]
    assert found.values["category coverage@10"].tolist() == [1.0]
    assert found.whole["gini@5"] == pytest.approx(3 / 7) and found.whole["gini@10"] == 0  # three of eight left out
    assert np.isnan(found.values["novelty@5"]).sum() == 0 and found.values["novelty@5"].tolist() == [2.0]


def test_a_row_of_several_seeds_is_their_mean():
    shown = served(range(8), [0, 8], [[2]])
    up, down = np.arange(8.0), -np.arange(8.0)
    both, first, second = (measure_beyond({"": runs}, shown)[""] for runs in ([up, down], [up], [down]))
    for name, values in both.values.items():
        np.testing.assert_allclose(values, (first.values[name] + second.values[name]) / 2)
    assert both.whole["gini@5"] == pytest.approx((first.whole["gini@5"] + second.whole["gini@5"]) / 2)


def test_without_histories_or_categories_what_needs_them_has_no_value():
    shown = served([0, 1], [0, 2], [[-1]], categories=np.full(8, -1))
    values = measure_beyond({"ours": [np.array([1.0, 2.0])]}, shown)["ours"].values
    assert np.isnan(values["miscalibration@5"]).all() and "calibration, category@5" not in values
    assert not np.isnan(values["distance@5"]).any()


def test_what_is_known_of_real_impressions_is_read(bench, split):
    requests = requests_of(bench, split, lent=False)
    found = read_served(requests)
    impressions = requests[0][1]
    assert found.rows.tolist() == [row for one in impressions for row in bench.data.catalogue.rows(one.shown)]
    clicked = bench.data.catalogue.rows(["N3", "N3", "N4"])  # read articles; the hide is no click
    clicks = np.bincount(clicked, minlength=60)
    np.testing.assert_allclose(found.information, self_information(clicks)[found.rows])
    read = newest_read(impressions[:1], bench.models.config.retrieval.history)[0]
    assert bench.data.catalogue.ids(read[read >= 0]).to_pylist() == impressions[0].history[::-1]
    values = measure_beyond({"": [np.arange(len(found.rows), dtype=float)]}, found)[""].values
    assert all(len(values[f"novelty@{k}"]) == len(impressions) for k in KS)


def test_readers_are_told_apart_by_how_much_they_had_read_that_has_text():
    catalogue = catalogue_of([[1.0], [1.0]])  # N0 and N1
    histories = [[], ["GONE"], ["N1"], ["N1"] * 4 + ["GONE"], ["N1"] * 5]
    found = reader_slices([impression_of(catalogue, "u", SHOWN_AT, history) for history in histories])
    assert {name: flags.tolist() for name, flags in found.items()} == {
        "readers of no article": [True, True, False, False, False],
        "readers of 1 to 4 articles": [False, False, True, True, False],
        "readers of 5 or more": [False, False, False, False, True],
    }


def test_an_imported_split_is_measured_whole(bench):
    impressions = read_split(bench.data.newsroom, bench.data.catalogue, "valid").impressions
    parts = np.stack(list(reader_slices(impressions).values()))
    assert (parts.sum(axis=0) == 1).all()

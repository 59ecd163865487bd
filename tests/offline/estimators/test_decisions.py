import numpy as np
import pytest

from broadsheet.errors import InputError
from broadsheet.offline.estimators.decisions import read_decisions

LOG = {"reward": [1, 0], "propensity": [0.5, 0.25], "evaluation": [0.25, 0.5]}
ARTICLES = {
    "news_id": ["N2", "N1"],
    "candidates": [["N1", "N2", "N3"], ["N1", "N4"]],
    "candidate_evaluation": [[0.5, 0.25, 0.25], [0.5, 0.5]],
    "candidate_propensity": [[0.5, 0.5, 0.0], [0.25, 0.75]],
    "candidate_clusters": [["x", "x", "y"], ["x", "y"]],
}


def test_a_log_has_weights_and_each_row_is_a_reader_of_its_own_without_ids():
    found = read_decisions(LOG)
    assert found.weight.tolist() == [0.5, 2]
    assert found.readers.tolist() == [0, 1]
    assert found.predicted is None and found.candidates is None


def test_the_arguments_name_the_columns():
    table = {"click": [1, 0], "p": [0.5, 0.25], "q": [0.25, 0.5], "who": ["a", "a"]}
    found = read_decisions(table, reward="click", propensity="p", evaluation="q", reader="who")
    assert found.weight.tolist() == [0.5, 2]
    assert found.readers.tolist() == [0, 0]


def test_a_model_of_the_callers_own_is_taken():
    found = read_decisions(LOG | {"predicted": [0.5, 0.5], "expected": [0.1, 0.2]})
    assert found.predicted is not None and found.predicted[1].tolist() == [0.1, 0.2]


def test_candidates_are_laid_out_one_after_the_other():
    found = read_decisions(LOG | ARTICLES)
    candidates = found.candidates
    assert candidates.offsets.tolist() == [0, 3, 5]
    assert candidates.articles.tolist() == [0, 1, 2, 0, 3]
    assert candidates.chosen.tolist() == [1, 0] and candidates.places.tolist() == [1, 3]
    assert candidates.owners.tolist() == [0, 0, 0, 1, 1]
    assert candidates.propensity.tolist() == [0.5, 0.5, 0, 0.25, 0.75]
    assert found.clusters.tolist() == [0, 0, 1, 1]


def test_everything_that_is_wrong_is_said_at_once():
    wrong = {"reward": [1, None, 0], "propensity": [0, None, 1.5], "evaluation": [0.5, -0.1, 0.2]}
    with pytest.raises(InputError) as found:
        read_decisions(wrong)
    said = str(found.value)
    assert "'reward': 1 of 3 rows have no number" in said
    assert "'propensity': 2 of 3 rows have a probability of 0, or none" in said
    assert "'propensity': 1 rows are above 1, up to 1.5" in said
    assert "'evaluation': 1 rows are missing or below 0" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (ARTICLES | {"candidate_evaluation": [["x", 0.25, 0.25], [0.5, 0.5]]}, "'candidate_evaluation': found 'x'"),
        (
            ARTICLES | {"candidate_clusters": [["x", "x", None], ["x", "y"]]},
            "clusters': 1 of 5 rows have no id",
        ),
        (ARTICLES | {"candidate_clusters": [["x", "x", ["y"]], ["x", "y"]]}, "expected texts or numbers"),
        ({"predicted": [0.5, None], "expected": [0.5, 1e300]}, r"(?s)'predicted': 1 of 2 .*'expected': 1 of 2 rows"),
        ({"reward": [1e300, 0]}, "'reward': 1 rows are beyond 1e.12"),
        ({"propensity": [0.5]}, "columns of different lengths"),
        ({"reward": [], "propensity": [], "evaluation": []}, "found no rows"),
        (ARTICLES | {"news_id": ["N9", "N1"]}, "row 1: found 3 candidates, and 'N9' is not among them"),
        (ARTICLES | {"candidate_evaluation": [[1], [0.5, 0.5]]}, "row 1: found 3 candidates, and candidate_evaluation"),
        (ARTICLES | {"candidate_propensity": [[0.5, 0.5, None], [0.25, 0.75]]}, "1 of 5 probabilities are missing or"),
        (ARTICLES | {"candidate_evaluation": [[50, 25, 25], [0.5, 0.5]]}, "3 of 5 probabilities are missing or not"),
        (ARTICLES | {"candidate_evaluation": [[0.5, 0.25, 0.0], [0.5, 0.5]]}, "in 1 rows the probabilities do not sum"),
        (ARTICLES | {"candidate_evaluation": [[0.25, 0.5, 0.25], [0.5, 0.5]]}, "in 1 rows what was shown has another"),
    ],
)
def test_a_log_that_does_not_fit_together_is_refused(change, said):
    with pytest.raises(InputError, match=said):
        read_decisions(LOG | change)


def test_a_missing_column_is_named_with_the_argument_that_names_it():
    with pytest.raises(InputError, match="no column propensity='p' and evaluation='q'; the columns are reward"):
        read_decisions({"reward": np.ones(2)}, propensity="p", evaluation="q")

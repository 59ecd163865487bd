import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripts import score_predictions as script

from broadsheet.errors import ContractError, InputError
from broadsheet.metrics.mind_submission import ranks_of, read_predictions, score_predictions, write_predictions
from broadsheet.metrics.ranking import Impressions, mean_scores, ranking_metrics
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import from_rows, write_table
from broadsheet.tables.schemas import IMPRESSIONS

scored = st.lists(
    st.lists(st.tuples(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), st.booleans()), min_size=1, max_size=9), max_size=6
)


def table(*rows):
    """Impressions of (id, clicks), such as ("1", "010"); clicks of "???" are not known."""
    return pa.table(
        {
            "impression_id": pa.array([name for name, _ in rows], pa.string()),
            "shown": pa.array([[f"N{place}" for place in range(len(c))] for _, c in rows], pa.list_(pa.string())),
            "clicked": pa.array([[x == "1" for x in c if x != "?"] for _, c in rows], pa.list_(pa.bool_())),
        }
    )


def predictions(folder, text):
    (folder / "prediction.txt").write_text(text, "utf-8")
    return read_predictions(folder / "prediction.txt")


def score(folder, text, *rows, **options):
    return score_predictions(predictions(folder, text), table(*rows), **options)


def test_a_line_holds_the_ranks_in_the_order_shown(tmp_path):
    path = tmp_path / "prediction.txt"
    write_predictions(path, ["7", "8"], np.array([0.1, 0.9, 0.5, -3.0]), np.array([0, 3, 4]))
    assert path.read_bytes() == b"7 [3,1,2]\n8 [1]\n"
    found = read_predictions(path)
    assert found.impression_ids == ["7", "8"]
    assert found.ranks.tolist() == [3, 1, 2, 1] and found.offsets.tolist() == [0, 3, 4]


def test_of_tied_scores_the_one_shown_later_comes_first():
    assert ranks_of(np.array([0.5, 0.5, 0.9, 0.5]), np.array([0, 4])).tolist() == [4, 3, 1, 2]


def test_articles_of_one_score_have_one_rank_and_the_next_one_counts_them_all(tmp_path):
    path = tmp_path / "prediction.txt"
    write_predictions(path, ["7", "8"], np.array([0.5, 0.9, 0.5, -np.inf, 0.5, 0.5]), np.array([0, 4, 6]))
    assert path.read_text() == "7 [2,1,2,4]\n8 [1,1]\n"


def test_scores_computed_by_hand(tmp_path):
    # Clicks at ranks 2 and 1 of three; the last is not labelled.
    values = score(tmp_path, "1 [2,1,3]\n2 [3,2,1]\n3 [1,2]\n", ("1", "100"), ("2", "001"), ("3", "??"))
    np.testing.assert_allclose(values["auc"], [1 / 2, 1, np.nan])
    np.testing.assert_allclose(values["mrr"], [1 / 2, 1, np.nan])
    np.testing.assert_allclose(values["ndcg@5"], [1 / np.log2(3), 1, np.nan])
    assert mean_scores(values)["mrr"] == 0.75


def test_ranks_need_not_be_a_permutation_and_equal_ones_tie(tmp_path):
    values = score(tmp_path, "1 [1,1,2.5]\n", ("1", "100"))
    assert values["auc"].tolist() == [0.75] and values["mrr"].tolist() == [0.5]


def test_impressions_without_both_a_click_and_a_miss_are_skipped(tmp_path):
    values = score(tmp_path, "1 [1,2]\n2 [1,2]\n3 [1,2]\n", ("1", "00"), ("2", "11"), ("3", "10"))
    assert np.isnan(values["auc"]).tolist() == [True, True, False]


def test_a_file_that_ends_early_is_refused_or_counts_as_ties(tmp_path):
    rows = ("1", "10"), ("2", "010"), ("3", "001")
    with pytest.raises(ContractError, match="2 impressions have no line: 2, 3"):
        score(tmp_path, "1 [1,2]\n", *rows)
    values = score(tmp_path, "1 [1,2]\n", *rows, fill_missing=True)
    np.testing.assert_allclose(values["auc"], [1, 1 / 2, 1 / 2])
    np.testing.assert_allclose(values["mrr"], [1, 1 / 2, 1])
    assert score(tmp_path, "", ("1", "10"), fill_missing=True)["auc"].tolist() == [0.5]


def test_lines_missing_in_between_or_of_others_or_in_another_order_are_named(tmp_path):
    rows = ("1", "10"), ("2", "10"), ("3", "10")
    for fill_missing in (False, True):
        with pytest.raises(ContractError, match="1 impressions have no line: 2"):
            score(tmp_path, "1 [1,2]\n3 [1,2]\n", *rows, fill_missing=fill_missing)
        with pytest.raises(ContractError, match=r"(?s)no line: 3.*1 lines are of no impression: 4"):
            score(tmp_path, "1 [1,2]\n2 [1,2]\n4 [1,2]\n", *rows, fill_missing=fill_missing)
        with pytest.raises(ContractError, match="line 2 is of impression '3'; expected '2'"):
            score(tmp_path, "1 [1,2]\n3 [1,2]\n2 [1,2]\n", *rows, fill_missing=fill_missing)
        with pytest.raises(ContractError, match="line 4 is of impression '1'; expected the end"):
            score(tmp_path, "1 [1,2]\n2 [1,2]\n3 [1,2]\n1 [1,2]\n", *rows, fill_missing=fill_missing)


def test_lines_of_another_length_are_named_unlabelled_ones_too(tmp_path):
    rows = [(str(number), "10") for number in range(7)] + [("7", "??")]
    text = "".join(f"{number} [1,2,3]\n" for number in range(8))
    with pytest.raises(
        ContractError, match=r"8 lines do not rank what was shown: 0 \(3 ranks, 2 shown\), .* and 3 more"
    ):
        score(tmp_path, text, *rows)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1",
        "1 [1, 2]",
        "1 [1,2",
        "1 1",
        '1 ["1"]',
        "1 [[1],[2]]",
        "1 {}",
        "1 [null]",
        "1 [NaN]",
        "1 [0,1]",
        "1 [-1]",
    ],
)
def test_lines_that_are_not_of_the_format_are_named(tmp_path, line):
    with pytest.raises(ContractError, match=r"prediction.txt: 2 lines are not .*: line 2 \(.*line 3 \("):
        predictions(tmp_path, f"0 [1]\n{line}\n{line}\n")


def test_a_deeply_nested_line_is_an_error_of_the_file_too(tmp_path):
    with pytest.raises(ContractError, match="line 1"):
        predictions(tmp_path, "1 " + "[" * 100_000 + "\n")


def test_what_cannot_be_written_is_refused_and_the_old_file_stays(tmp_path):
    path = tmp_path / "prediction.txt"
    path.write_text("old", "utf-8")
    with pytest.raises(ContractError, match=r"(?s)1 ids for 2 impressions.*1 ids are empty or hold white space: 'a b'"):
        write_predictions(path, ["a b"], np.ones(2), np.array([0, 1, 2]))
    with pytest.raises(ContractError, match="NaN"):
        write_predictions(path, ["a"], np.array([np.nan]), np.array([0, 1]))
    assert path.read_text("utf-8") == "old" and list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match="cannot be read"):
        read_predictions(tmp_path / "none.txt")


@given(rows=scored)
def test_a_written_file_scores_as_the_scores_themselves(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("written") / "prediction.txt"
    offsets = np.cumsum([0, *map(len, rows)])
    scores = np.array([value for row in rows for value, _ in row])
    names = [f"i{number}" for number in range(len(rows))]
    write_predictions(path, names, scores, offsets)
    shown = table(*((name, "".join(str(int(c)) for _, c in row)) for name, row in zip(names, rows, strict=True)))
    found = score_predictions(read_predictions(path), shown)
    expected = ranking_metrics(Impressions(scores, np.array([c for row in rows for _, c in row], bool), offsets))
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def test_the_script_prints_what_evaluate_py_writes(tmp_path, monkeypatch, capsys):
    rows = table(("1", "100"), ("2", "001")).to_pylist()
    time = pa.scalar(0, pa.timestamp("us", tz="UTC")).as_py()
    rows = [row | {"user_id": "U", "time": time, "history": [], "propensity": None} for row in rows]
    write_table(Newsroom(tmp_path).impressions("valid"), from_rows(rows, IMPRESSIONS), IMPRESSIONS)
    (tmp_path / "prediction.txt").write_text("1 [2,1,3]\n2 [3,2,1]\n", "utf-8")
    monkeypatch.setattr(sys, "argv", ["score_predictions.py"])
    script.score(tmp_path, "valid", tmp_path / "prediction.txt")
    printed = capsys.readouterr()
    assert printed.out == "AUC:0.7500\nMRR:0.7500\nnDCG@5:0.8155\nnDCG@10:0.8155\n"
    assert "2 of 2 impressions" in printed.err

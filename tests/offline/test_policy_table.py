import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from broadsheet.errors import CorpusError, InputError
from broadsheet.offline.estimators import Decisions, Pages
from broadsheet.offline.policy_table import read_log

LOG = {"reward": [1, 0], "propensity": [0.5, 0.25], "evaluation": [0.25, 0.5], "user_id": ["a", "b"]}
LISTS = {
    "news_id": ["N1", "N2"],
    "candidates": [["N1", "N3"], ["N1", "N2"]],
    "candidate_evaluation": [[0.25, 0.75], [0.5, 0.5]],
}


def in_arrow(path, table):
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


@pytest.mark.parametrize("kind", ["arrow", "parquet", "jsonl"])
def test_a_file_of_any_kind_gives_the_same_log_with_its_lists(tmp_path, kind):
    path, table = tmp_path / f"log.{kind}", pa.table(LOG | LISTS)
    if kind == "jsonl":
        path.write_text("\n".join(map(json.dumps, table.to_pylist())), "utf-8")
    else:
        (in_arrow if kind == "arrow" else lambda path, table: pq.write_table(table, path))(path, table)
    found = read_log(path)
    assert isinstance(found, Decisions)
    assert found.weight.tolist() == [0.5, 2]
    assert found.candidates.chosen.tolist() == [0, 1]


def test_a_csv_may_call_columns_otherwise_and_an_empty_cell_is_missing(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("click,propensity,evaluation\n1,0.5,0.25\n0,0.25,0.5\n", "utf-8")
    assert read_log(path, {"reward": "click"}).reward.tolist() == [1, 0]
    path.write_text("click,propensity,evaluation\n1,,0.25\n0,0.25,0.5\n", "utf-8")
    with pytest.raises(InputError, match="'propensity': 1 of 2 rows have a probability of 0, or none"):
        read_log(path, {"reward": "click"})


def test_columns_page_id_and_slot_make_it_a_log_of_pages(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("page_id,slot,reward,propensity,evaluation\nP,1,1,0.5,0.5\nP,2,0,0.5,1\n", "utf-8")
    found = read_log(path)
    assert isinstance(found, Pages)
    assert found.evaluation.tolist() == [[0.5, 1]]


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("reward,evaluation\n1,1\n", {}, "no column propensity; the columns are reward, evaluation. Say what it"),
        ("reward,evaluation\n1,1\n", {"propensity": "p"}, "found no column p; the columns are"),
        ("reward,evaluation\n1,1\n", {"title": "p"}, "columns: found title, expected some of page_id"),
        ("reward,propensity,evaluation\n1,1,1\n1,1\n", {}, "rows that cannot be read"),
    ],
)
def test_what_cannot_be_a_log_is_refused_with_the_reason(tmp_path, text, columns, said):
    path = tmp_path / "log.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=said):
        read_log(path, columns)


def test_a_damaged_arrow_file_is_refused(tmp_path):
    path = tmp_path / "log.arrow"
    path.write_bytes(b"ARROW1 no more")
    with pytest.raises(CorpusError, match="not readable as an Arrow file"):
        read_log(path)

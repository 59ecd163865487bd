import json

import numpy as np
import pytest

from broadsheet.errors import ModelError
from broadsheet.evaluation.pages.cascade import DEPTHS, OVERLAP, SAME, SAME_ORDER, Remembered, first_ten, likeness
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import RANKED
from tests.support.evaluated import make_room
from tests.support.scripts import PNG, run_script


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    return make_room(tmp_path_factory.mktemp("cascade") / "newsroom", encoder)


def test_each_depth_is_measured_and_written_as_json_markdown_and_plots(room, tmp_path, monkeypatch):
    monkeypatch.setattr("broadsheet.evaluation.pages.cascade_report.SAMPLES", 50)
    run_script("benchmark_cascade", room.path, "valid", readers=5, out=tmp_path)
    document = json.loads((tmp_path / "cascade-valid.json").read_text())
    assert list(document["rows"]) == list(document["costs"]) == list(DEPTHS)
    assert list(document["pages"]) == list(DEPTHS)[:-1] and document["readers"] == 5
    most = document["ranked"]
    assert document["rows"]["100"] == document["rows"]["all"], "no reader has more candidates, so all are read"
    assert all(document["pages"]["100"][part]["mean"] == 1.0 for part in (SAME, SAME_ORDER, OVERLAP))
    costs = document["costs"]
    assert 0 < costs["10"]["pairs"] <= 10 <= costs["all"]["pairs"] <= most
    assert 0 < costs["10"]["processor_ms"] and document["pair_ms"] > 0
    assert "| 10 |" in (tmp_path / "cascade-valid.md").read_text()
    assert all((tmp_path / f"cascade-valid{ending}.png").read_bytes().startswith(PNG) for ending in ("", "-pages"))


def test_a_newsroom_without_a_cross_encoder_is_refused(tmp_path, encoder):
    path = make_room(tmp_path / "newsroom", encoder, adapter=False).path
    with pytest.raises(ModelError, match="found no cross-encoder"):
        run_script("benchmark_cascade", path, "valid", readers=5)


def test_a_pair_is_scored_once_and_its_time_is_counted_once():
    asked = []

    def score(pairs):
        asked.extend(pairs)
        return np.arange(len(pairs), dtype=np.float32)

    remembered = Remembered(score)
    assert remembered([("a", "x"), ("b", "y"), ("a", "x")]).tolist() == [0, 1, 0]
    assert remembered([("b", "y"), ("c", "z")]).tolist() == [1, 0]
    assert asked == [("a", "x"), ("b", "y"), ("c", "z")] and remembered.pairs == 3


def test_tens_are_compared_as_sets_in_order_and_by_their_share():
    whole = {"a": list("0123456789"), "b": list("0123456789"), "c": ["0", "1"]}
    ours = {"a": list("1023456789"), "b": list("01234567xy"), "c": ["0", "1"]}
    found = likeness(ours, whole)
    assert found[SAME].tolist() == [1, 0, 1] and found[SAME_ORDER].tolist() == [0, 0, 1]
    assert found[OVERLAP].tolist() == pytest.approx([1.0, 0.8, 1.0])


def test_the_first_ten_are_taken_by_rank():
    rows = [
        {"user_id": "a", "news_id": f"N{rank}", "rank": rank, "score": 1 / rank, "fused": 0.0, "reason": ""}
        for rank in range(1, 13)
    ]
    assert first_ten(from_rows(rows, RANKED)) == {"a": [f"N{rank}" for rank in range(1, 11)]}

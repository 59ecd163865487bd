import json

import pytest

from broadsheet.errors import CorpusError
from broadsheet.evaluation.speed import readers
from broadsheet.evaluation.speed.readers import WITH, WITHOUT, ReadersTask, measure_readers
from broadsheet.evaluation.speed.readers_report import report_readers
from broadsheet.nightly.build import build
from broadsheet.progress import silent
from tests.support.evaluated import make_room
from tests.support.scripts import PNG, run_script


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    made = make_room(tmp_path_factory.mktemp("readers") / "newsroom", encoder)
    build(made)
    return made


def test_readers_are_ranked_in_blocks_and_alone_and_written_as_json_markdown_and_a_plot(room, tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "USERS_AT_ONCE", 8)
    out = tmp_path / "out"
    run_script("benchmark_readers", room.path, "valid", count=[3, 40], read=[2], alone=4, out=out)
    document = json.loads((out / "readers.json").read_text())
    without = document["rows"][WITHOUT]
    assert list(document["rows"]) == [WITHOUT, WITH] and list(document["rows"][WITH]["blocks"]) == ["2"]
    assert list(without["blocks"]) == ["3", "40"], "more readers than impressions: histories are drawn again"
    for row in (without["alone"], *without["blocks"].values()):
        assert row["readers_per_s"] > 0 and row["processor_ms"] > 0
    assert 0 < without["alone"]["p50_ms"] <= without["alone"]["p99_ms"]
    assert (out / "readers.png").read_bytes().startswith(PNG)
    assert "| without the cross-encoder | 40 |" in (out / "readers.md").read_text()


def test_a_split_that_is_not_there_is_named(room):
    with pytest.raises(CorpusError, match="impressions-gone"):
        measure_readers(room, ReadersTask("gone", [1], [1], 1), silent)


def test_the_projection_multiplies_the_speed_of_the_largest_number_of_readers():
    few = {"readers_per_s": 1.0, "processor_ms": 9.0, "peak_gb": None}
    many = {"readers_per_s": 500.0, "processor_ms": 3.6, "peak_gb": None}
    alone = {"readers_per_s": 50.0, "processor_ms": 19.0, "p50_ms": 20.0, "p99_ms": 31.5}
    rows = {WITHOUT: {"alone": alone, "blocks": {"1000": few, "10000": many}}}
    document = {"articles": 12229, "histories": 6936, "stories": 20, "block": 128, "cores": 2, "rows": rows}
    report = report_readers(document)
    assert report.lines[-1] == "| without the cross-encoder | 0.6 | 1.0 |"  # 2,000 s, and 3,600 s of a core
    assert "| without the cross-encoder | one alone | 50.0 | 19.00 | 20.0 | 31.5 |  |" in report.lines
    assert "| without the cross-encoder | 10,000 | 500.0 | 3.60 |  |  |  |" in report.lines

"""Pages of another process after clicks and hides; the other process is here a second pipeline in this one."""

from contextlib import contextmanager

import pytest

from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.systems import click_to_page as module
from broadsheet.pipeline import Pipeline
from broadsheet.progress import silent
from tests.support.scripts import PNG


@pytest.fixture
def document(room, monkeypatch):
    @contextmanager
    def second_pipeline(newsroom):
        there = Pipeline.open(newsroom)

        def ask(reader):
            stories = there.run(reader, 5).stories
            signals = [row["trend"] for row in stories["signals"].to_pylist()]
            return dict(zip(stories["news_id"].to_pylist(), signals, strict=True))

        yield ask

    monkeypatch.setattr(module, "_other_process", second_pipeline)
    return module.measure_click_to_page(room.path, 3, silent)


def test_each_click_and_each_hide_is_seen_and_timed(document, tmp_path):
    rows = document["rows"]
    assert [row["rounds"] for row in rows.values()] == [3, 3, 3] and document["hidden_at_once"] == 3
    assert all(0 < row["p50_ms"] <= row["p99_ms"] <= row["longest_ms"] < 10_000 for row in rows.values())
    report = module.report_click_to_page(document)
    assert "3 of 3 hidden articles were not on the reader's next page" in report.markdown
    Report(report.name, report.document, report.lines, report.plots).write(tmp_path)
    assert (tmp_path / "click-to-page.png").read_bytes().startswith(PNG)

import pytest

from broadsheet.config.experiments import ArmConfig, ExperimentConfig
from broadsheet.evaluation.experiments.report import report_experiment
from broadsheet.experiments.measure import kept, measure
from tests.support.logged_events import make_events

SPLIT = ExperimentConfig(arms={"control": ArmConfig(), "fresh": ArmConfig()})


@pytest.fixture(scope="module")
def report_of(built):
    def run(**how):
        events = make_events("x", SPLIT, **how)
        return report_experiment(measure(built, "x", SPLIT, kept(events)))

    return run


def test_a_report_has_its_tables_and_a_plot(report_of, tmp_path):
    report = report_of(rates=(0.1, 0.5), hides=(0.0, 0.3), before=1)
    lines = report.markdown
    assert "| control (control) |" in lines and "more clicks than control" in lines and "**alarm**" in lines
    assert "The split is as set" in lines and "Runs from its first page on, without an end. Looked at" in lines
    written = report.write(tmp_path)
    assert [path.name for path in written] == ["experiment-x.json", "experiment-x.md", "experiment-x.png"]
    assert written[2].read_bytes().startswith(b"\x89PNG")


def test_a_report_of_few_readers_says_how_many_are_needed(report_of):
    report = report_of(readers=50)
    assert "too few yet: each arm needs 100 readers and 30 clicks" in report.markdown and not report.plots


def test_a_report_without_pages_says_so(report_of):
    report = report_of(readers=0)
    assert report.markdown.endswith("No page of this experiment was logged yet.\n")


def test_the_verdict_goes_by_the_narrower_interval(report_of):
    assert "fewer clicks than control" in report_of(rates=(0.5, 0.1)).markdown
    assert "not told apart yet" in report_of(rates=(0.2, 0.2)).markdown

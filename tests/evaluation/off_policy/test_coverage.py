import numpy as np
import pytest

from broadsheet.evaluation.off_policy.coverage import DECISIONS, FROM_THE_TOP, _figures, measure_coverage
from broadsheet.evaluation.off_policy.coverage_report import report_coverage


def test_bias_error_and_coverage_by_hand():
    # Of a true value of 2: estimates 1 and 4, intervals [0, 3] and [3, 5], those of the bootstrap [1, 2] and [0, 1].
    found = _figures(np.array([[1, 0, 3, 1, 2, 100], [4, 3, 5, 0, 1, 10.0]]), 2.0)
    assert found["bias"] == pytest.approx((-0.5 + 1) / 2)
    assert found["error"] == pytest.approx(np.sqrt((0.25 + 1) / 2))
    assert (found["coverage"], found["bootstrap_coverage"], found["refused"]) == (0.5, 0.5, 0.5)
    assert found["width"] == 2.5 / 2


def test_a_small_measurement_has_every_estimator_and_is_reported_with_plots(tmp_path):
    document = measure_coverage(4, [100, 200], lambda _: None)
    assert {*document["groups"][DECISIONS]["rows"]} >= {"IPS", "SNIPS", "DR", "DM", "DRos", "IPS, at any time"}
    assert {*document["groups"][FROM_THE_TOP]["rows"]} >= {"standard IPS", "IIPS", "RIPS", "cascade-DR"}
    report = report_coverage(document)
    assert "| replay |" in report.markdown
    assert [path.suffix for path in report.write(tmp_path)] == [".json", ".md"] + [".png"] * 4

import pytest

from broadsheet.evaluation.off_policy.policy_report import report_policy
from broadsheet.offline.estimators import evaluate, read_decisions
from tests.offline.estimators.test_evaluation import rows


@pytest.fixture(scope="module")
def found():
    return evaluate(read_decisions(rows(1000)))


def test_the_report_has_a_row_for_each_estimator_and_says_why_others_are_left_out(found, tmp_path):
    report = report_policy("softer", found, ["A remark."])
    for name, row in found.rows.items():
        assert f"| {name} | {row.value:.4f} | [{row.interval.low:.4f}, {row.interval.high:.4f}] |" in report.markdown
    assert "The log could have made 100.00% of the policy's choices.\nA remark.\n" in report.markdown
    assert "- replay: left out, needs a log of uniform random choices" in report.markdown
    assert "- MIPS: true if readers click the articles of a cluster alike" in report.markdown
    assert [path.name for path in report.write(tmp_path)] == [
        "policy-softer.json",
        "policy-softer.md",
        "policy-softer.png",
    ]

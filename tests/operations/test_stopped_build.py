"""What the log and the metrics say of a build that was stopped."""

import pytest

from broadsheet.operations.build_run import Outputs, run_build
from broadsheet.progress import silent
from tests.operations.test_build_run import samples


@pytest.mark.parametrize(
    ("stop", "code"), [(SystemExit(143), 143), (KeyboardInterrupt(), 130), (RuntimeError("lost"), 2)], ids=repr
)
def test_a_build_that_is_stopped_or_fails_is_not_told_as_the_last_night_that_was_published(copy, tmp_path, stop, code):
    outputs = Outputs(tmp_path / "build.jsonl", tmp_path / "b.prom")

    def engine(*_):
        raise stop

    with pytest.raises(type(stop)):
        run_build(copy, "all", silent, outputs, engine)
    assert samples(outputs.metrics)["broadsheet_build_exit_code"] == code
    assert type(stop).__name__ in outputs.log.read_text("utf-8").splitlines()[-1]

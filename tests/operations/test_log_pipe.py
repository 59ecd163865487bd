"""The log of a build where it is a pipe."""

import json
import os
import subprocess

from broadsheet.operations.build_run import Outputs, run_build
from tests.operations.test_build_run import STAGES


def test_a_log_into_a_pipe_has_every_line_and_ends_with_the_build(copy, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE, text=True) as reader:
        said = []
        run_build(copy, ["fan"], said.append, Outputs(tmp_path / "pipe"))
        found = [json.loads(line)["stage"] for line in reader.communicate(timeout=20)[0].splitlines()]
    assert found == [*STAGES, "published"] and said[0].endswith("the build begins once a program reads it")


def test_a_build_goes_on_where_nobody_reads_its_log_any_more(copy, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    said = []
    with subprocess.Popen(["head", "-n", "1", tmp_path / "pipe"], stdout=subprocess.DEVNULL):
        edition = run_build(copy, ["fan"], said.append, Outputs(tmp_path / "pipe"))
    assert copy.current() == edition
    assert len([line for line in said if "nobody reads" in line and "goes on without this log" in line]) == 1

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from prometheus_client.parser import text_string_to_metric_families

from broadsheet.errors import GateError, InputError
from broadsheet.operations.build_report import LAST, bars, columns, render
from broadsheet.operations.build_run import Outputs, run_build
from broadsheet.operations.prometheus import write_metrics
from broadsheet.progress import silent
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import NEWS

ROOT = Path(__file__).parents[2]
STAGES = ["encode", "index", "retrieve", "rerank", "generate", "digest", "check"]


@pytest.fixture
def outputs(tmp_path):
    return Outputs(tmp_path / "logs" / "build.jsonl", tmp_path / "logs" / "b.prom", tmp_path / "logs" / "build.html")


def halve(newsroom):
    write_table(newsroom.news, read_table(newsroom.news, NEWS).slice(0, 30), NEWS)


def events(outputs):
    return [json.loads(line) for line in outputs.log.read_text().splitlines()]


def samples(path):
    """The samples of a textfile by name and labels, as Prometheus reads them; each must stand once."""
    families = list(text_string_to_metric_families(path.read_text()))
    assert families and all(family.type == "gauge" and family.documentation for family in families)
    found = {}
    for sample in (sample for family in families for sample in family.samples):
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
        name = f"{sample.name}{{{labels}}}" if labels else sample.name
        assert name not in found
        found[name] = sample.value
    return found


def test_each_stage_is_a_line_of_json_and_builds_add_to_the_log(copy, outputs):
    first = run_build(copy, ["fan"], silent, outputs)
    second = run_build(copy, ["fan"], silent, outputs)
    found = events(outputs)
    assert [event["stage"] for event in found] == [*STAGES, "published"] * 2
    assert [event["what"] for event in found if event["stage"] == "published"] == [first.name, second.name]
    assert all(list(event) == ["time", "stage", "what", "seconds", "counts"] for event in found)
    assert found[0]["counts"] == {"encoded": 0, "new": 0, "changed": 0, "reused": 60}


def test_the_textfile_has_the_figures_of_the_build(copy, outputs):
    edition = run_build(copy, ["fan"], silent, outputs)
    found = samples(outputs.metrics)
    assert found["broadsheet_build_exit_code"] == 0 and found["broadsheet_gate_reasons"] == 0
    assert found['broadsheet_build_items{count="reused",stage="encode"}'] == 60
    assert found['broadsheet_edition_rows{table="news"}'] == 60 and found['broadsheet_gate{figure="recall"}'] == 1
    assert found['broadsheet_build_stage_seconds{stage="index"}'] == edition.read_manifest()["seconds"]["index"]
    assert found["broadsheet_current_built_timestamp_seconds"] <= found["broadsheet_build_end_timestamp_seconds"]


def test_an_edition_that_is_kept_back_is_told_as_such(copy, outputs):
    halve(copy)
    with pytest.raises(GateError):
        run_build(copy, ["fan"], silent, outputs)
    assert events(outputs)[-1]["stage"] == "kept"
    found = samples(outputs.metrics)
    assert found["broadsheet_build_exit_code"] == 3 and found["broadsheet_gate_reasons"] == 2
    page = outputs.page.read_text()
    assert "edition kept back" in page and "50.0% of the current edition&#39;s articles are missing" in page


def test_a_build_that_fails_is_told_too_and_the_error_is_the_builds(copy, outputs):
    with pytest.raises(InputError, match="users: 1 unknown"):
        run_build(copy, ["stranger"], silent, outputs)
    (event,) = events(outputs)
    assert event["stage"] == "failed" and event["what"].startswith("InputError: users: 1 unknown")
    found = samples(outputs.metrics)
    assert found["broadsheet_build_exit_code"] == 2 and "broadsheet_build_seconds" not in found
    assert found["broadsheet_current_built_timestamp_seconds"] > 0 and not outputs.page.exists()


@pytest.mark.parametrize("option", ["log", "metrics", "page"])
def test_a_file_that_cannot_be_written_is_refused_before_the_work(copy, tmp_path, option):
    with pytest.raises(InputError, match=rf"^{option} .*: cannot be written"):
        run_build(copy, ["fan"], silent, Outputs(**{option: tmp_path}))
    assert len(copy.editions()) == 1


def test_labels_are_escaped(tmp_path):
    manifest = {"total_seconds": 1, "reasons": [], "seconds": {'a"\\\n': 1}, "stages": {}, "counts": {}}
    write_metrics(tmp_path / "m.prom", 0, None, manifest | {"gate": {"figures": {}}})
    assert samples(tmp_path / "m.prom")['broadsheet_build_stage_seconds{stage="a"\\\n"}'] == 1


def test_names_types_and_help_of_the_figures_are_those_that_dashboards_know(tmp_path):
    manifest = {
        "built_at": "2024-05-01T00:00:00+00:00",
        "total_seconds": 2.5,
        "reasons": ["recall"],
        "seconds": {"encode": 1},
        "stages": {"encode": {"counts": {"encoded": 3}}, "check": {"counts": {"seen": 1}}},
        "counts": {"news": 7},
        "gate": {"figures": {"recall": 0.9}},
    }
    write_metrics(tmp_path / "m.prom", 3, manifest, manifest)
    lines = (tmp_path / "m.prom").read_text().splitlines()
    codes = "0 published, 2 failed, 3 kept back, 129 and more: stopped."
    assert f"# HELP broadsheet_build_exit_code Of the last build: {codes}" in lines
    found = samples(tmp_path / "m.prom")
    assert found.pop("broadsheet_build_end_timestamp_seconds") > 1.7e9
    assert found == {
        "broadsheet_build_exit_code": 3,
        "broadsheet_current_built_timestamp_seconds": 1714521600,
        "broadsheet_build_seconds": 2.5,
        "broadsheet_gate_reasons": 1,
        'broadsheet_build_stage_seconds{stage="encode"}': 1,
        'broadsheet_build_items{count="encoded",stage="encode"}': 3,
        'broadsheet_edition_rows{table="news"}': 7,
        'broadsheet_gate{figure="recall"}': 0.9,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["m.prom"]


class Tags(HTMLParser):
    """Holds a page to the rule that each tag that is opened is closed in its turn."""

    VOID = ("meta", "link", "rect", "line")

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in self.VOID or self.open.pop() == tag, self.getpos()


def manifests(built, count=3):
    edition = built.current()
    manifest = edition.read_manifest()
    return [manifest | {"name": f"2026-11-{day:02}T03-00-00.000000Z"} for day in range(1, count + 1)]


def test_the_page_is_whole_and_its_pictures_are_valid_xml(built):
    page = render("Paper", manifests(built))
    tags = Tags()
    tags.feed(page)
    assert tags.open == [] and "script" not in tags.seen and "://" not in page
    pictures = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(pictures) == 5
    for picture in pictures:
        ElementTree.fromstring(picture)


def test_what_stands_on_the_page_is_escaped(built):
    (manifest,) = manifests(built, 1)
    evil = "<script>alert('x')</script>"
    stages = manifest["stages"] | {"index": {"what": evil, "counts": {}}}
    page = render(evil, [manifest | {"published": False, "reasons": [evil], "stages": stages, "as_of": evil}])
    assert "<script" not in page and page.count("&lt;script&gt;") >= 4


def test_the_longest_bar_and_the_highest_column_fill_their_room(built):
    assert [bar["length"] for bar in bars({"encode": 4.0, "index": 1.0, "check": 0.0})] == [226, 56.5, 0]
    chart = columns("Articles", manifests(built, 3), [50, 100, 0])
    assert [(column["y"], column["height"]) for column in chart["columns"]] == [(48, 48), (0, 96), (96, 0)]
    assert (chart["most"], chart["last"], chart["from"], chart["to"]) == ("100", "0", "2026-11-01", "2026-11-03")
    assert columns("Articles expired", manifests(built, 2), [0, 0])["columns"][0]["height"] == 0


def test_many_editions_do_not_leave_the_picture(built):
    chart = columns("Articles", manifests(built, LAST), list(range(LAST)))
    assert chart["columns"][-1]["x"] + chart["columns"][-1]["width"] <= 360


def nightly(newsroom, **settings):
    command = shutil.which("broadsheet", path=str(Path(sys.executable).parent)) or pytest.skip("not installed")
    environment = {**os.environ, "BROADSHEET": command, "KEEP": "1", **settings}
    script = ["bash", str(ROOT / "scripts" / "nightly.sh"), str(newsroom.path)]
    return subprocess.run(script, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not shutil.which("flock"), reason="flock is not installed")
def test_the_nightly_script_builds_prunes_logs_and_hands_the_exit_code_on(copy):
    first = copy.current()
    done = nightly(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert copy.editions() == [copy.current()] != [first]
    log = (copy.path / "logs" / "nightly.log").read_text()
    assert log == done.stdout and f"removed {first.name} (published)" in log and "build: exit code 0" in log
    assert samples(copy.path / "logs" / "broadsheet.prom")["broadsheet_build_exit_code"] == 0
    assert (copy.path / "logs" / "build.html").is_file() and (copy.path / "logs" / "build.jsonl").is_file()


@pytest.mark.skipif(not shutil.which("flock"), reason="flock is not installed")
@pytest.mark.parametrize(
    ("build", "prune", "asked", "handed_on"),
    [(3, 0, ["build", "prune"], 3), (3, 1, ["build", "prune"], 3), (0, 1, ["build", "prune"], 1), (2, 0, ["build"], 2)],
)
def test_the_nightly_script_prunes_unless_the_build_failed_and_prefers_the_exit_code_of_the_build(
    copy, tmp_path, build, prune, asked, handed_on
):
    """A command that only ends with the exit codes of a build: a start of the real one costs seconds."""
    command, calls = tmp_path / "broadsheet", tmp_path / "calls"
    command.write_text(f'#!/bin/sh\necho "$@" >> "{calls}"\n[ "$1" = build ] && exit {build}\nexit {prune}\n')
    command.chmod(0o755)
    done = nightly(copy, BROADSHEET=str(command), USERS="some.txt")
    assert done.returncode == handed_on
    called = [line.split() for line in calls.read_text().splitlines()]
    assert [words[0] for words in called] == asked and called[0][1:4] == [str(copy.path), "--users", "some.txt"]
    assert f"build: exit code {build}" in done.stdout


@pytest.mark.skipif(not shutil.which("flock"), reason="flock is not installed")
def test_the_nightly_script_leaves_another_night_alone(copy):
    (copy.path / "logs").mkdir()
    with (copy.path / "logs" / "nightly.lock").open("w") as lock:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
        done = nightly(copy)
    assert done.returncode == 75 and "another night" in done.stderr and len(copy.editions()) == 1


def test_the_nightly_script_says_what_it_lacks(tmp_path):
    script = ["bash", str(ROOT / "scripts" / "nightly.sh")]
    done = subprocess.run([*script, str(tmp_path / "none")], capture_output=True, text=True, check=False)
    assert done.returncode in (2, 127) and done.stderr.startswith("nightly.sh: ")
    assert "usage" in subprocess.run(script, capture_output=True, text=True, check=False).stderr

"""Fixtures that every test may use.

What a fixture needs is imported when it is first asked for, so that `pytest tests/metrics` imports no torch.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from broadsheet.garbage import collect_rarely

if TYPE_CHECKING:
    from broadsheet.corpus.impressions import Split
    from broadsheet.newsroom import Newsroom
    from broadsheet.pipeline import Pipeline
    from broadsheet.workbench.workbench import Workbench


def keep_probes() -> None:
    """Have slipcover leave its probes where they are, in the modules that are imported from now on.

    It takes a probe out after fifty runs, and for that looks through every function of every module: it costs as much
    as the probe in a million runs. In a process of `pytest -n` no option of slipcover says otherwise.
    """
    plugin = sys.modules.get("slipcover.pytest_plugin")
    if coverage := getattr(plugin, "_slipcover_instance", None):
        coverage.d_miss_threshold = 2**31 - 1


keep_probes()
collect_rarely()
os.environ["HF_HUB_OFFLINE"] = "1"
settings.register_profile("broadsheet", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("broadsheet")
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, which children inherit


FORKING = {"start_forks", "run_two"}
"""What a module of tests imports to fork processes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that wait most, for Ray's processes: begun last, they would keep all others waiting.

    Then come the tests that fork processes. Neighbours stay in one process of `pytest -n`, so that only one process to
    fork from is started: it imports for seconds.
    """
    items.sort(key=lambda item: 0 if item.path.parent.name == "ray" else 1 if FORKING & vars(item.module).keys() else 2)


def pytest_collection_finish() -> None:
    """Take the modules, which live as long as the tests, out of what each collection of garbage looks through.

    Every training collects garbage more than once, each time for most of a second where torch is imported.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny BERT with its tokenizer."""
    from tests.support.tiny import make_encoder

    return make_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def newsroom(tmp_path: Path, encoder: Path) -> Newsroom:
    """A newsroom of 60 articles and four readers, nothing built yet."""
    from tests.support.tiny import make_newsroom

    return make_newsroom(tmp_path / "newsroom", encoder)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> Newsroom:
    """A newsroom with one edition; tests that share it only read."""
    from broadsheet.nightly.build import build
    from tests.support.tiny import make_newsroom

    room = make_newsroom(tmp_path_factory.mktemp("built") / "newsroom", encoder)
    build(room, "all")
    return room


@pytest.fixture
def copy(built: Newsroom, tmp_path: Path) -> Newsroom:
    """A copy of it that a test may change."""
    from broadsheet.newsroom import Newsroom

    return Newsroom(shutil.copytree(built.path, tmp_path / "copy", symlinks=True))


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> Newsroom:
    """A newsroom whose writer is a model on this machine, with an edition for the reader `asker`; tests only read."""
    from broadsheet.nightly.build import build
    from tests.support.tiny import make_newsroom, make_writer

    folder = tmp_path_factory.mktemp("written")
    room = make_newsroom(folder / "newsroom", encoder, writer=str(make_writer(folder / "writer")))
    build(room, ["asker"])
    return room


@pytest.fixture
def few_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends drafts early: the drafts of a model that nobody trained end at the most tokens alone, which takes time."""
    from broadsheet.generate.stories import jobs

    for job in jobs.MOST_TOKENS:
        monkeypatch.setitem(jobs.MOST_TOKENS, job, 12)


@pytest.fixture(scope="session")
def clicked(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> Newsroom:
    """A newsroom with clicks and one edition; tests that share it only read."""
    from tests.support.late_articles import make_clicked

    return make_clicked(tmp_path_factory.mktemp("clicked") / "newsroom", encoder)


@pytest.fixture
def room(clicked: Newsroom, tmp_path: Path) -> Newsroom:
    """A copy of it that a test may change."""
    from broadsheet.newsroom import Newsroom

    return Newsroom(shutil.copytree(clicked.path, tmp_path / "room", symlinks=True))


@pytest.fixture
def opened(room: Newsroom) -> Pipeline:
    """The pipeline of that copy."""
    from broadsheet.pipeline import Pipeline

    return Pipeline.open(room.path)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> Workbench:
    """A workbench to measure with, over the whole corpus and without a cross-encoder."""
    from broadsheet.offline.workbenches import open_bench
    from tests.support.evaluated import make_room

    return open_bench(make_room(tmp_path_factory.mktemp("measured") / "room", encoder, adapter=False))


@pytest.fixture(scope="session")
def split(bench: Workbench) -> Split:
    """The impressions to measure on."""
    from broadsheet.corpus.impressions import read_split

    return read_split(bench.data.newsroom, bench.data.catalogue, "valid")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Any]:
    """Runs a command line as a user would: exit code, standard output and error output."""
    from broadsheet.cli.app import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BROADSHEET_NEWSROOM", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> tuple[Any, str, str]:
        monkeypatch.setattr(sys, "argv", ["broadsheet", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return end.value.code, out, err

    return run

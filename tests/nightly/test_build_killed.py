"""Builds cut short: killed, out of disk, or two at once. Each in a process forked from one with all imports."""

import itertools
import os
import random
import resource
import shutil
import signal
import sys
import time
from contextlib import contextmanager

import pytest

from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.generate.stories import edition_stories as files
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.nightly.verify import verify_edition
from broadsheet.pipeline import Pipeline
from broadsheet.tables.files import file_sha256, parts_of
from tests.support.forks import start_forks
from tests.support.tiny import make_news, make_newsroom, make_writer

KILLS = 10


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    """A newsroom with an edition and a writer; each test leaves a whole edition for the next."""
    folder = tmp_path_factory.mktemp("killed")
    writer = str(make_writer(folder / "writer"))
    room = make_newsroom(folder / "newsroom", encoder, writer=writer, extra="drafts = 1\n")
    build(room, ["fan"])
    return room


CHANGES = itertools.count()


def change_an_article(room):
    """Make the best article of the reader new, so that a build has something to encode and to write."""
    with Import(room) as add:
        add.news([make_news()[57] | {"abstract": f"The {'match ' * (next(CHANGES) % 60)} says."}])


def check(room):
    """The current edition is sound and answers."""
    edition = room.current()
    assert verify_edition(edition) == []
    page = Pipeline.open(room.path).run("fan", 5)
    assert page.edition == edition.name and page.kind == "known" and page.stories["rank"].to_pylist() == [1, 2, 3, 4, 5]
    return edition


@contextmanager
def child(task, *arguments):
    """Run a task in a process of its own; yields the process and a connection to it."""
    forks = start_forks()
    ours, theirs = forks.Pipe()
    process = forks.Process(target=task, args=(*arguments, theirs))
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join()
        ours.close()


def build_once(path, link):
    link.send("started")
    build(Newsroom(path), ["fan"])


def check_and_build(path, link):
    """Check, which also loads all code, so that a kill falls into the work of the build; then build."""
    check(Newsroom(path))
    build_once(path, link)


def build_until(path, number, link):
    """Build, and die by SIGKILL before the given rename, replacement or link: audit hooks come first."""
    seen = 0

    def hook(event, _):
        nonlocal seen
        if event in ("os.rename", "os.symlink", "os.link"):
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    build_once(path, link)


def test_a_build_killed_before_any_rename_or_link_leaves_a_whole_edition_and_the_next_build_ends_well(room):
    number, killed = 0, True
    while killed:
        number += 1
        before = room.current()
        change_an_article(room)
        with child(build_until, room.path, number) as (process, _):
            process.join()
            killed = process.exitcode == -signal.SIGKILL
            assert killed or process.exitcode == 0
        assert (check(room) == before) == killed  # which also checks what the build after the kill before it published
        assert build(room, ["fan"]) == room.current() != before
    check(room)
    assert number > 12  # two snapshots, nine files, the manifest, the folder and the link


def test_a_build_killed_at_ten_random_moments_leaves_a_whole_edition_and_the_next_build_ends_well(room):
    rng, kills, longest = random.Random(0), 0, 0.0
    while kills < KILLS:
        change_an_article(room)
        with child(check_and_build, room.path) as (process, link):
            link.recv()
            started = time.perf_counter()
            process.join(rng.uniform(0, longest) if longest else None)
            process.kill()
            process.join()
            longest = longest or time.perf_counter() - started
            assert process.exitcode in (0, -signal.SIGKILL)
            kills += process.exitcode != 0
    before = check(room)
    build(room, ["fan"])
    assert check(room) != before and not room.building.path.exists()


def build_until_a_part_of_the_stories(path, link):
    """Build in blocks of one article, and die by SIGKILL when two parts of the stories are whole."""
    files.BLOCK = 1

    def hook(event, arguments):
        if event == "os.rename" and str(arguments[1]).endswith("stories.parts/000002.arrow"):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    build_once(path, link)


def test_a_build_killed_while_it_writes_leaves_parts_that_the_next_takes_over_to_the_byte(room, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "BLOCK", 1)
    killed, whole = (Newsroom(shutil.copytree(room.path, tmp_path / name, symlinks=True)) for name in ("a", "b"))
    for copy in (killed, whole):
        for edition in copy.editions():
            edition.stories.unlink()  # so that all texts are written
    with child(build_until_a_part_of_the_stories, killed.path) as (process, _):
        process.join()
        assert process.exitcode == -signal.SIGKILL
    parts = sorted(path.name for path in parts_of(killed.building.stories).glob("[0-9s]*"))
    assert parts == ["000000.arrow", "000001.arrow", "spent.json"]
    written, write_table = [], files.write_table

    def note(path, *table, **stamp):
        written.append(path.name)
        write_table(path, *table, **stamp)

    monkeypatch.setattr(files, "write_table", note)
    build(killed, ["fan"])
    assert "000002.arrow" in written and not {"000000.arrow", "000001.arrow"} & set(written)
    assert file_sha256(check(killed).stories) == file_sha256(build(whole, ["fan"]).stories)


def build_on_a_full_disk(path, stage, limit, link):
    """Build on a disk that takes no file above `limit` bytes after a stage, or from the start; send the error."""

    def fill(line):
        if line.startswith(stage):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    if not stage:
        fill(stage)
    try:
        build(Newsroom(path), ["fan"], fill)
    except BroadsheetError as error:
        link.send(str(error))


@pytest.mark.parametrize("stage", ["", "encode", "index", "retrieve", "rerank", "generate", "digest"])
def test_a_disk_that_is_full_after_a_stage_is_one_clear_error_and_the_next_build_ends_well(room, stage):
    before = room.current()
    change_an_article(room)
    with child(build_on_a_full_disk, room.path, stage, 1000) as (process, link):
        message = link.recv()
        process.join()
    assert message.startswith(f"{room.path}: the disk is full") and message.count("\n") == 0
    assert check(room) == before
    assert not list(room.path.rglob("*.part"))
    build(room, ["fan"])
    assert check(room) != before


def test_a_disk_that_is_full_at_the_last_bytes_of_the_index_publishes_nothing(room):
    before = room.current()
    change_an_article(room)  # else the index would be a link to the current one
    with child(build_on_a_full_disk, room.path, "encode", before.index.stat().st_size - 10) as (process, link):
        message = link.recv()
        process.join()
    assert "index.faiss" in message
    assert check(room) == before


def build_and_wait(path, link):
    """Build as far as the first stage's end and wait there."""

    def wait(line):
        link.send(line)
        link.recv()

    build(Newsroom(path), ["fan"], wait)


def test_a_second_build_is_refused_at_once_and_a_killed_one_leaves_no_lock(room):
    before = room.current()
    with child(build_and_wait, room.path) as (process, link):
        assert link.recv().startswith("encode")
        started = time.perf_counter()
        with pytest.raises(NewsroomError, match="another build, import or training is at work here"):
            build(room, ["fan"])
        assert time.perf_counter() - started < 1
        process.kill()
        process.join()
    assert check(room) == before
    build(room, ["fan"])
    assert check(room) != before

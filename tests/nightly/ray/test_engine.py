"""Whole builds under Ray, on two workers of this machine."""

import os
import shutil
import signal
import threading
import time
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

import psutil
import pytest

from broadsheet.config.retrieval import IndexConfig
from broadsheet.errors import InputError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.manifest import file_hashes
from broadsheet.nightly.build import build
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.index_stage import index, shard_files
from broadsheet.nightly.ray.engine import ray_engine
from broadsheet.nightly.ray.worker import pages_folder, shards_folder
from broadsheet.nightly.verify import verify_edition
from broadsheet.retrieval.towers.encoding import BLOCK
from broadsheet.tables.files import file_sha256, parts_of
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import open_workbench
from tests.support.evaluated import make_adapter
from tests.support.tiny import START, make_newsroom, make_writer

pytest.importorskip("ray", reason="needs the extra ray")

READERS = 320
"Five blocks."


@pytest.fixture(scope="module")
def rooms(tmp_path_factory, encoder):
    """Two newsrooms of more articles than a block and more readers than one: one built by the local engine."""
    folder = tmp_path_factory.mktemp("ray")
    writer = str(make_writer(folder / "writer"))
    local = make_newsroom(folder / "local", encoder, writer=writer, news=2 * BLOCK + 100)
    histories = [[f"N{(number * step + 7) % 300}" for step in range(1, 1 + number % 9)] for number in range(READERS)]
    with Import(local) as add:
        add.users(
            {"user_id": f"R{number}", "history": history, "profile": "", "hidden": []}
            for number, history in enumerate(histories)
        )
        add.clicks(
            {"user_id": f"R{number}", "news_id": history[-1], "time": START + timedelta(hours=20, minutes=number)}
            for number, history in enumerate(histories)
            if history
        )
    make_adapter(local.reranker, encoder)
    shutil.copytree(local.path, folder / "ray")
    build(local, "all")
    return local, Newsroom(folder / "ray")


@pytest.fixture(scope="module")
def started():
    """An engine whose Ray runs already, since its start costs more than what it does here, and what ends both."""
    with ExitStack() as end:
        stages = end.enter_context(ray_engine(workers=2)())
        yield lambda: nullcontext(stages), end


@pytest.fixture
def running(started):
    return started[0]


def when(folder, pattern, act):
    """Call `act` in a thread of its own once there is such a part in a folder."""

    def watch():
        until = time.monotonic() + 300
        while not list(folder.glob(pattern)) and time.monotonic() < until:
            time.sleep(0.005)
        act()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def files_of(room):
    edition = room.current()
    assert verify_edition(edition) == []
    return edition.read_manifest()["files"]


def kill_a_worker(killed):
    for process in psutil.Process().children(recursive=True):
        if process.name().startswith("ray::") and "Worker" in process.name():
            process.kill()
            killed.append(process.pid)
            return


def test_a_build_that_was_stopped_and_whose_worker_was_killed_makes_the_files_of_the_local_engine(rooms, running):
    local, room = rooms
    stopped = when(parts_of(room.building.news_vectors), "*.arrow", lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        build(room, "all", engine=running)
    stopped.join()
    left = list(parts_of(room.building.news_vectors).glob("*.arrow"))
    assert left and not room.editions()

    lines, killed, done = [], [], []
    pages, ranked = pages_folder(room.building), "*/ranked/*.arrow"
    watcher = when(pages, ranked, lambda: (done.extend(pages.glob(ranked)), kill_a_worker(killed)))
    build(room, "all", lines.append, engine=running)
    watcher.join()
    assert len(killed) == 1 and 1 <= len(done) < -(-(READERS + 4) // 64)
    taken_over = int(lines[0].split(", ")[1].split()[0])
    assert taken_over >= BLOCK * (len(left) - 1) and taken_over > 0
    assert files_of(room) == files_of(local)


def test_a_worker_killed_in_mid_build_costs_its_shard_alone_and_the_files_are_those_of_the_local_engine(
    rooms, running, tmp_path
):
    current = rooms[0].current()
    for table in (current.news, current.users, current.news_vectors):
        shutil.copy(table, tmp_path)
    config = replace(rooms[0].config(), index=IndexConfig(kind="HNSW64", shards=12))
    as_of = datetime.fromisoformat(current.read_manifest()["as_of"])
    bench = open_workbench(EditionModels(rooms[0], config), Edition(tmp_path), as_of)
    folder, killed, done = shards_folder(bench.data.edition), [], {}

    def kill():
        for report in folder.glob("*/*.json"):
            file, _ = shard_files(Edition(report.parent), int(report.stem), 12)
            done[file.name] = file.stat().st_ino
        kill_a_worker(killed)

    watcher = when(folder, "*/*.json", kill)
    with running() as stages:
        stages["index"](bench, bench.data.edition, Earlier())
    watcher.join()
    assert len(killed) == 1 and 1 <= len(done) < 11 and not folder.exists()
    assert {name: (tmp_path / name).stat().st_ino for name in done} == done, "what was finished is not built again"
    (local := Edition(tmp_path / "local")).path.mkdir()
    index(bench, local, Earlier())
    made = {path.name: file_sha256(path) for path in tmp_path.glob("index*")}
    assert len(made) == 25 and file_hashes(local.path) == made


def test_an_address_at_which_nothing_answers_is_one_clear_error_and_nothing_is_built(newsroom):
    with pytest.raises(InputError, match=r"^address 127\.0\.0\.1:9: nothing answers there"):
        build(newsroom, ["fan"], engine=ray_engine("127.0.0.1:9"))
    with pytest.raises(InputError, match="found 'somewhere', expected HOST:PORT or auto"):
        build(newsroom, ["fan"], engine=ray_engine("somewhere"))
    assert newsroom.editions() == []


def test_an_engine_that_is_interrupted_ends_the_ray_that_it_started(started):
    import ray

    assert ray.is_initialized()  # last of all, since the tests above share this Ray
    with pytest.raises(KeyboardInterrupt), started[1].pop_all():
        raise KeyboardInterrupt
    assert not ray.is_initialized()

"""Requests in a process that was forked after its parent had answered some, as gunicorn --preload and celery fork."""

import os
import signal
import threading
import traceback
from contextlib import ExitStack

import faiss
import pytest
import torch

from broadsheet.errors import ModelError
from broadsheet.models import forks
from broadsheet.pipeline import Pipeline
from broadsheet.tables import locks
from broadsheet.workbench.models import EditionModels

MOST_SECONDS = 60


def in_a_fork(task):
    """What a task returns in a forked process, as text; fails if the process does not end."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(theirs, str(task()).encode())
        except BaseException:
            os.write(theirs, traceback.format_exc().encode())
        finally:
            os._exit(0)
    os.close(theirs)
    alarm = threading.Timer(MOST_SECONDS, os.kill, (child, signal.SIGKILL))
    alarm.start()
    with os.fdopen(ours, "rb") as pipe:
        said = pipe.read().decode()
    alarm.cancel()
    _, status = os.waitpid(child, 0)
    assert status == 0, "the forked process hung"
    return said


@pytest.fixture
def two_threads():
    """Torch and FAISS with threads that wait for the next product, as in a process that has answered requests."""
    before = torch.get_num_threads(), faiss.omp_get_max_threads()
    torch.set_num_threads(2)
    faiss.omp_set_num_threads(2)
    torch.ones(4_000_000).add(1).sum()
    torch.ones(512, 512) @ torch.ones(512, 512)
    yield
    torch.set_num_threads(before[0])
    faiss.omp_set_num_threads(before[1])


@pytest.fixture
def pipeline(built, two_threads):
    opened = Pipeline.open(built.path)
    opened.run("fan", 5)
    return opened


def products():
    """Products that torch and FAISS would share among their threads."""
    index = faiss.IndexFlatIP(16)
    index.add(torch.ones(2000, 16).numpy())
    found = index.search(torch.ones(64, 16).numpy(), 3)
    return torch.ones(4_000_000).add(1).sum().item(), (torch.ones(512, 512) @ torch.ones(512, 512)).sum().item(), found


def test_products_end_in_a_fork(two_threads):
    products()
    assert in_a_fork(lambda: products()[:2]) == str((8_000_000.0, float(512**3)))


def test_a_fork_answers_with_the_pipeline_that_its_parent_opened(pipeline):
    pages = pipeline.run_many(["fan", "voter"], 5)
    expected = [page.stories["news_id"].to_pylist() for page in pages]

    def requests():
        again = [pipeline.run(user, 5).stories["news_id"].to_pylist() for user in ("fan", "voter")]
        found = [again, pipeline.ask("space rocket", 3).kind]
        worker = threading.Thread(target=lambda: found.append(pipeline.run("asker", 5).kind))
        worker.start()
        worker.join()
        return found

    assert in_a_fork(requests) == str([expected, "request", "profile"])


def test_a_fork_answers_though_other_threads_of_its_parent_were_at_work(pipeline):
    with ExitStack() as held:
        for lock in list(locks._LOCKS):
            held.enter_context(lock)
        assert in_a_fork(lambda: pipeline.run("fan", 5).kind) == "known"


def test_a_fork_opens_a_newsroom_of_its_own(pipeline, built):
    assert in_a_fork(lambda: Pipeline.open(built.path).run("fan", 5).kind) == "known"


def test_a_fork_of_a_process_with_a_gpu_is_refused_in_a_sentence(pipeline, monkeypatch):
    monkeypatch.setattr(torch.cuda, "_is_in_bad_fork", lambda: True)
    pipeline.run("fan", 5)  # not a fork
    monkeypatch.setitem(forks._state, "forked", True)
    with pytest.raises(ModelError, match="gunicorn without --preload"):
        pipeline.run("fan", 5)


def test_a_fork_opens_a_newsroom_that_another_thread_was_opening(built):
    lock = vars(vars(EditionModels)["news_tower"]).get("lock", threading.RLock())  # Python 3.12 has no such lock
    held, forked = threading.Event(), threading.Event()

    def hold():
        with lock:
            held.set()
            forked.wait()

    opening = threading.Thread(target=hold)
    opening.start()
    held.wait()
    try:
        found = in_a_fork(lambda: len(EditionModels(built, built.config()).news_tower.fingerprint))
    finally:
        forked.set()
        opening.join()
    assert found == "16"

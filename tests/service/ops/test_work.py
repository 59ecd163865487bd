"""The gauges of work that waits for the models and is worked on, and the refusals where too much of it waits."""

import asyncio
import threading
from contextlib import suppress

import pytest

from broadsheet.service.serving import work as module
from broadsheet.service.serving.metrics import Metrics
from broadsheet.service.serving.page_queue import TooManyWaiting
from broadsheet.service.serving.work import THREADS, Work


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def work(metrics):
    work = Work(metrics)
    yield work
    work.close()


def told(metrics):
    """What waits, what is worked on, and what was refused."""
    names = "work_waiting", "work_running", "work_refusals_total"
    return tuple(metrics.registry.get_sample_value(f"broadsheet_{name}") for name in names)


async def begun(metrics, work, count):
    """Begin calls that go on until the event is set, and return them with it once threads have taken up the first."""
    goes_on = threading.Event()
    calls = [asyncio.create_task(work(goes_on.wait)) for _ in range(count)]
    while told(metrics)[1] < THREADS:
        await asyncio.sleep(0.001)
    return calls, goes_on


def test_what_waits_and_what_is_worked_on_is_counted_until_it_is_done(metrics, work):
    async def run():
        calls, goes_on = await begun(metrics, work, THREADS + 3)
        assert told(metrics) == (3, THREADS, 0)
        goes_on.set()
        assert await asyncio.gather(*calls) == [True] * (THREADS + 3)
        assert told(metrics) == (0, 0, 0)

    asyncio.run(run())


def test_work_whose_caller_is_gone_waits_no_longer(metrics, work):
    async def run():
        calls, goes_on = await begun(metrics, work, THREADS + 2)
        calls[-1].cancel()
        with suppress(asyncio.CancelledError):
            await calls[-1]
        assert told(metrics) == (1, THREADS, 0)
        goes_on.set()
        await asyncio.gather(*calls[:-1])
        assert told(metrics) == (0, 0, 0)

    asyncio.run(run())


def test_work_beyond_the_bound_is_refused_and_counted(metrics, work, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", THREADS + 1)

    async def run():
        calls, goes_on = await begun(metrics, work, THREADS + 1)
        with pytest.raises(TooManyWaiting):
            await work(goes_on.wait)
        assert told(metrics) == (1, THREADS, 1)
        goes_on.set()
        await asyncio.gather(*calls)
        assert await work(goes_on.wait)  # there is room again

    asyncio.run(run())


def test_work_that_fails_is_worked_on_no_longer(metrics, work):
    with pytest.raises(ZeroDivisionError):
        asyncio.run(work(lambda: 1 / 0))
    assert told(metrics) == (0, 0, 0)

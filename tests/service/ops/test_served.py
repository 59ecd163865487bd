import threading
from types import SimpleNamespace

import pytest

from broadsheet.errors import ContractError
from broadsheet.service.serving.metrics import Metrics
from broadsheet.service.serving.served import Served


class Room:
    """A newsroom of which only the name of the current edition is known."""

    def __init__(self, tmp_path):
        self.path, self.config_file, self.name = tmp_path, tmp_path / "broadsheet.toml", "first"

    def current(self):
        return SimpleNamespace(name=self.name)


def value(metrics, name):
    return metrics.registry.get_sample_value(f"broadsheet_{name}")


def test_an_edition_is_opened_once_though_two_threads_look(tmp_path):
    room, opened = Room(tmp_path), []
    other = threading.Thread(target=lambda: served.look())

    def opening(_):
        opened.append(room.name)
        if len(opened) == 2:
            other.start()
            other.join(timeout=0.2)  # without the lock it would open the edition too in this time
        return SimpleNamespace(bench=None)

    metrics = Metrics()
    served = Served(room, metrics, opening)
    room.name = "second"
    assert served.look()
    other.join()
    assert opened == ["first", "second"] and served.now().edition == "second"
    assert value(metrics, "editions_taken_up_total") == 1 and value(metrics, "edition_open_seconds") > 0


@pytest.mark.parametrize(
    "error", [ContractError("second: damaged."), OSError("second: damaged."), MemoryError("damaged")]
)
def test_an_edition_that_cannot_be_opened_is_counted_and_the_earlier_one_stays(tmp_path, error):
    room, metrics = Room(tmp_path), Metrics()

    def opening(_):
        if room.name == "second":
            raise error
        return SimpleNamespace(bench=None)

    served = Served(room, metrics, opening)
    room.name = "second"
    assert not served.look() and served.now().edition == "first" and "damaged" in served.problem
    assert value(metrics, "edition_problem") == 1 and value(metrics, "edition_open_failures_total") == 1
    room.name = "first"
    assert not served.look() and not served.problem and value(metrics, "edition_problem") == 0

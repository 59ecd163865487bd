import pytest

from broadsheet.index_build import measure, trials
from tests.index_build.rooms import Room


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path / "room")


@pytest.fixture
def small(monkeypatch):
    """Trials from 500 vectors on, on a sample of 1,000: the code is that of the millions, the time is not."""
    monkeypatch.setattr(Room, "exact_up_to", 500)
    monkeypatch.setattr(trials, "SAMPLE", 1000)
    monkeypatch.setattr(measure, "ROUNDS", 1)

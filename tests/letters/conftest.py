"""A newsroom with one edition, its pipeline and the tables of what was sent, for the tests of a module."""

import shutil
from contextlib import closing
from datetime import UTC, datetime

import pytest

from broadsheet.letters.mail import Sender
from broadsheet.letters.sent import Sent
from broadsheet.newsroom import Newsroom
from broadsheet.pipeline import Pipeline
from broadsheet.service.serving.state import State

NOW = datetime(2024, 5, 1, 6, tzinfo=UTC)
SENDER = Sender("news@example.org", "https://news.example")
SETTINGS = """
[letter]
sender = "news@example.org"
[push]
threshold = 0.0
hours = 720
quiet_from = 22
quiet_until = 7
[service]
public_url = "https://news.example"
"""


@pytest.fixture(scope="module")
def room(built, tmp_path_factory):
    room = Newsroom(shutil.copytree(built.path, tmp_path_factory.mktemp("letters") / "newsroom", symlinks=True))
    before = room.config_file.read_text("utf-8") if room.config_file.is_file() else ""
    room.config_file.write_text(before + SETTINGS, "utf-8")
    return room


@pytest.fixture(scope="module")
def pipeline(room):
    return Pipeline.open(room.path)


@pytest.fixture(scope="module")
def readers(pipeline):
    return pipeline.bench.data.readers.audience.all()[:3]


@pytest.fixture
def sent(tmp_path):
    """An empty table of what was sent, of another newsroom."""
    with closing(State(Newsroom(tmp_path))) as state:
        yield Sent(state)

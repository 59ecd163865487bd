"""What the tests of a newsroom's folder share."""

import pytest

from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom


@pytest.fixture
def room(tmp_path):
    """A newsroom with the articles a, b and c."""
    room = Newsroom(tmp_path / "newsroom")
    with Import(room) as add:
        add.news([{"news_id": name, "title": f"Title {name}"} for name in "abc"])
    return room

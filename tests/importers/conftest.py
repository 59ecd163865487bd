import pytest

from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from tests.importers.alpha_and_beta import NOON, impression


@pytest.fixture
def newsroom(tmp_path):
    """A newsroom with articles a (published at noon) and b, one reader, one click and one impression."""
    newsroom = Newsroom(tmp_path / "newsroom")
    with Import(newsroom) as add:
        add.news([{"news_id": "a", "title": "Alpha", "published_at": NOON}, {"news_id": "b", "title": "Beta"}])
        add.users([{"user_id": "u", "history": ["a"], "profile": "football", "hidden": ["b"]}])
        add.clicks([{"user_id": "u", "news_id": "a", "time": NOON}])
        add.impressions("train", [impression("i1")])
    return newsroom

from datetime import UTC, datetime

import pytest

from broadsheet.corpus.store import Import
from broadsheet.newsroom import Newsroom


@pytest.fixture
def newsroom(tmp_path):
    """A newsroom with articles a (published at noon) and b, one reader, one click and one impression."""
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    newsroom = Newsroom(tmp_path / "newsroom")
    with Import(newsroom) as add:
        add.news([{"news_id": "a", "title": "Alpha", "published_at": noon}, {"news_id": "b", "title": "Beta"}])
        add.users([{"user_id": "u", "history": ["a"], "profile": "football", "hidden": ["b"]}])
        add.clicks([{"user_id": "u", "news_id": "a", "time": noon}])
        shown = {"history": ["a"], "shown": ["a", "b"], "clicked": [True, False]}
        add.impressions("train", [{"impression_id": "i1", "user_id": "u", "time": noon, **shown}])
    return newsroom

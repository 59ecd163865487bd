import pytest

from broadsheet.errors import CorpusError, OwnPartError
from broadsheet.importers.own import import_own
from broadsheet.newsroom import Newsroom
from broadsheet.own_parts import OwnParts
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, NEWS

ARTICLE = {"news_id": "A1", "title": "A title", "body": "A body."}
CLICK = {"user_id": "u", "news_id": "A1", "time": "2024-05-05"}


def importer(*pairs):
    return OwnParts(importers={"feed": lambda path: iter(pairs)})


def test_what_an_importer_yields_enters_the_corpus_checked_like_any_row(tmp_path):
    room = Newsroom(tmp_path / "room")
    pairs = importer(("news", ARTICLE), ("news", {"title": "no id"}), ("clicks", CLICK), ("users", {"user_id": "u"}))
    report = import_own(room, "feed", tmp_path, pairs)
    assert report.taken["news"] == report.taken["clicks"] == 1 and sum(report.skipped.values()) == 1
    assert read_table(room.news, NEWS)["news_id"].to_pylist() == read_table(room.clicks, CLICKS)["news_id"].to_pylist()


@pytest.mark.parametrize("wrong", [ARTICLE, ("articles", ARTICLE), ("news", "A1"), ("news", ARTICLE, 1), None])
def test_anything_but_a_table_and_a_row_is_an_error_and_nothing_is_imported(tmp_path, wrong):
    room = Newsroom(tmp_path / "room")
    with pytest.raises(OwnPartError, match=r"^own importer feed \(.*lambda.*\) yielded .* at place 1, expected a pair"):
        import_own(room, "feed", tmp_path, importer(("news", ARTICLE), wrong))
    assert not room.news.exists()


def test_an_importer_that_fails_is_named_and_one_that_is_not_there_too(tmp_path):
    def fails(path):
        yield "news", ARTICLE
        raise OSError("no answer")

    room = Newsroom(tmp_path / "room")
    with pytest.raises(OwnPartError, match=r"own importer feed .* raised OSError: no answer"):
        import_own(room, "feed", tmp_path, OwnParts(importers={"feed": fails}))
    with pytest.raises(
        CorpusError, match=r"importer 'rss': known here are feed\. Name its function in .*\[own.importers\]"
    ):
        import_own(room, "rss", tmp_path, importer())
    assert not room.news.exists()

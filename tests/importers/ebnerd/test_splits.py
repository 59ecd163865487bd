"""A split of EB-NeRD becomes articles, clicks and impressions of a newsroom."""

import json
from datetime import UTC

import pyarrow as pa
import pytest

from broadsheet.errors import NewsroomError
from broadsheet.importers.ebnerd.splits import SEEN, UNSEEN, import_ebnerd
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.kept import kept_values
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, NEWS
from tests.importers.ebnerd.folder_of import noon, write_articles, write_folder, write_history, write_lists


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "ebnerd")


@pytest.fixture
def newsroom(tmp_path):
    return Newsroom(tmp_path / "newsroom")


def rows(path, schema, *columns):
    return [tuple(row.values()) for row in read_table(path, schema).select(columns).to_pylist()]


def at(day, minute=0):
    return noon(day, minute).replace(tzinfo=UTC)


def test_an_article_is_published_when_any_split_first_shows_it_or_has_it_read(folder, newsroom):
    report = import_ebnerd(folder, newsroom, "train")
    # Article 1 was read on day 1; 2 was shown on day 5, before it was read on day 6; 4 was shown on day 8.
    assert rows(newsroom.news, NEWS, "news_id", "published_at") == [
        ("1", at(1)), ("2", at(5)), ("3", at(5)), ("4", at(8))
    ]  # fmt: skip
    assert rows(newsroom.news, NEWS, "abstract", "category", "subcategory", "language")[0] == ("x", "140", "133", "da")
    assert (report.notes[SEEN], report.notes[UNSEEN]) == (4, 0)


def test_an_article_that_is_named_nowhere_has_no_time(folder, newsroom):
    write_lists(folder / "validation", [(60, 7, noon(8), [3, 99], [3])])  # no article has the id 99
    report = import_ebnerd(folder, newsroom, "train")
    assert rows(newsroom.news, NEWS, "news_id", "published_at")[3] == ("4", None)
    assert (report.notes[SEEN], report.notes[UNSEEN]) == (3, 1)


def test_ids_and_times_are_the_same_whichever_type_each_file_gives_them(folder, newsroom):
    write_articles(folder, article_id=["1", "2", "3", "4"])
    utc = pa.array([noon(8)], pa.timestamp("us", "UTC"))
    shown = [[None, 3.0, 4.0]]  # numbers with a gap became floats
    write_lists(folder / "validation", [(60, 7, noon(8), [4], [4])], impression_time=utc, article_ids_inview=shown)
    report = import_ebnerd(folder, newsroom, "train")
    assert rows(newsroom.news, NEWS, "news_id", "published_at") == [
        ("1", at(1)), ("2", at(5)), ("3", at(5)), ("4", at(8))
    ]  # fmt: skip
    assert (report.notes[SEEN], report.notes[UNSEEN]) == (4, 0)


def test_reads_and_clicks_of_lists_have_seconds_and_scroll_as_a_share(folder, newsroom):
    import_ebnerd(folder, newsroom, "train")
    columns = ("user_id", "news_id", "time", "event", "dwell_seconds", "scroll")
    assert rows(newsroom.clicks, CLICKS, *columns) == [
        ("7", "1", at(1), "click", 30, 1),
        ("7", "2", at(6), "click", 5, None),
        ("7", "3", at(5), "click", 16, 0.25),
    ]


def test_impressions_have_their_times_sessions_device_subscriber_and_what_was_read_before(folder, newsroom):
    import_ebnerd(folder, newsroom, "train")
    # Article 2 was read on day 6, after the list of day 5: it is in no history.
    found = read_table(newsroom.impressions("train"), IMPRESSIONS).to_pylist()
    assert found == [
        {
            "impression_id": "50",
            "user_id": "7",
            "time": at(5),
            "history": ["1"],
            "shown": ["2", "3"],
            "clicked": [False, True],
            "propensity": None,
            "session_id": "21",
            "device": "mobile",
            "is_subscriber": True,
            "in_sight": None,
        }
    ]


@pytest.mark.parametrize("splits", [("train", "validation"), ("validation", "train")])
def test_a_click_that_two_splits_hold_is_there_once_in_either_order(folder, newsroom, splits):
    import_ebnerd(folder, newsroom, splits[0])
    report = import_ebnerd(folder, newsroom, splits[1])
    assert sorted(rows(newsroom.clicks, CLICKS, "news_id")) == [("1",), ("2",), ("3",), ("4",)]
    # Both histories have the reads of 1 and 2; article 3 was opened a minute after its list was shown.
    assert report.skipped["clicks: duplicate click"] == 3
    assert rows(newsroom.impressions("validation"), IMPRESSIONS, "history") == [(["1", "3", "2"],)]


def test_the_same_split_again_adds_nothing(folder, newsroom):
    first = import_ebnerd(folder, newsroom, "train")
    again = import_ebnerd(folder, newsroom, "train")
    assert (first.taken["clicks"], again.taken["clicks"], again.skipped["clicks: duplicate click"]) == (3, 0, 3)
    assert again.replaced["impressions-train"] == again.taken["impressions-train"] == 1


def test_planted_clicks_of_the_future_change_no_history_and_no_earlier_time(folder, newsroom, tmp_path):
    import_ebnerd(folder, newsroom, "train")
    write_history(folder / "train", {7: [(1, noon(1), 30.0, None), (3, noon(9), 1.0, None), (4, noon(9), 1.0, None)]})
    planted = Newsroom(tmp_path / "planted")
    import_ebnerd(folder, planted, "train")
    lists = [room.impressions("train").read_bytes() for room in (newsroom, planted)]
    assert lists[0] == lists[1]
    assert rows(newsroom.news, NEWS, "published_at") == rows(planted.news, NEWS, "published_at")


def test_several_clicks_of_a_list_have_no_seconds_since_the_read_is_of_one_of_them(folder, newsroom):
    write_lists(folder / "train", [(50, 7, noon(5), [2, 3], [2, 3])])
    write_history(folder / "train", {8: [(1, noon(1), 1.0, 1.0)]})
    import_ebnerd(folder, newsroom, "train")
    found = rows(newsroom.clicks, CLICKS, "user_id", "dwell_seconds", "scroll")
    assert found[1:] == [("7", None, None), ("7", None, None)]


def test_an_article_that_a_list_names_twice_as_clicked_is_one_click_and_one_counted_duplicate(folder, newsroom):
    write_lists(folder / "train", [(50, 7, noon(5), [2, 3], [3, 3])])
    report = import_ebnerd(folder, newsroom, "train")
    assert rows(newsroom.clicks, CLICKS, "news_id", "dwell_seconds")[2:] == [("3", 16)]
    assert report.skipped == {"clicks: duplicate click": 1}


def test_the_full_articles_have_their_times_texts_and_kept_columns_and_never_totals_of_later(folder, newsroom):
    write_articles(
        folder,
        body=["Text."] * 4,
        category_str=["krimi"] * 4,
        subcategory=[[133, 5], [], None, [7]],
        published_time=pa.array([noon(2), noon(2), None, noon(2)], pa.timestamp("us")),
        url=["https://example.org/1"] * 4,
        image_ids=[[11, 12], None, None, None],
        sentiment_label=["Negative"] * 4,
        sentiment_score=[0.5] * 4,
        ner_clusters=[["Odense"]] * 4,
        total_pageviews=[99] * 4,
    )
    report = import_ebnerd(folder, newsroom, "train")
    columns = ("body", "category", "subcategory", "published_at", "url")
    assert rows(newsroom.news, NEWS, *columns)[0] == ("Text.", "krimi", "133", at(2), "https://example.org/1")
    assert rows(newsroom.news, NEWS, "subcategory", "published_at")[2] == ("", None)
    assert kept_values(rows(newsroom.news, NEWS, "kept")[0][0]) == {
        "image_ids": "[11, 12]", "sentiment_score": "0.5", "sentiment_label": "Negative", "ner_clusters": '["Odense"]'
    }  # fmt: skip
    assert report.left_out["articles.parquet"] == ["total_pageviews"]


def test_every_bad_row_is_counted_with_its_reason(folder, newsroom):
    write_articles(folder, title=["A", "B", "C", ""], subtitle=["x", "x", "x", ""])
    day = noon(5)
    bad = [(51, None, day, [2], []), (52, 7, None, [2], []), (53, 7, day, [], []), (54, 7, day, [2], [3])]
    more = [(50, 7, day, [2], []), (55, 7, day, [99], []), (56, 7, day, [2, None], [])]
    write_lists(folder / "train", [(50, 7, day, [2, 3], [3]), *bad, *more])
    reads = [[1, 99, 2], [1, 2], None]
    times = pa.array([[noon(1), noon(1), noon(6)], [noon(1)], [noon(1)]], pa.large_list(pa.timestamp("us")))
    numbers = pa.array([[1.0, 1.0, -1.0], [1.0, 1.0], [1.0]], pa.large_list(pa.float32()))
    write_history(
        folder / "train",
        {reader: [(1, noon(1), 1.0, 1.0)] for reader in (7, 8, 9)},
        article_id_fixed=reads,
        impression_time_fixed=times,
        read_time_fixed=numbers,
        scroll_percentage_fixed=None,
    )
    report = import_ebnerd(folder, newsroom, "train")
    assert report.skipped == {
        "news: no title and no text": 1,
        "clicks: article not known": 1,
        "clicks: unreadable dwell_seconds": 1,
        "history: its lists have different lengths": 1,
        "history: no list of articles, or of their times": 1,
        "impressions-train: empty id": 2,  # of a reader, and among the shown articles
        "impressions-train: no time": 1,
        "impressions-train: no article was shown": 1,
        "impressions-train: a clicked article is not among the shown articles": 1,
        "impressions-train: duplicate id": 1,
        "impressions-train: none of the shown articles has text": 1,
    }
    assert report.taken == {"news": 3, "users": 0, "clicks": 2, "impressions-train": 1}


def test_a_split_without_clicks_has_impressions_whose_clicks_are_not_known(folder, newsroom):
    columns = ("article_ids_clicked", "next_read_time", "next_scroll_percentage", "session_id", "device_type")
    write_lists(folder / "validation", [(60, 7, noon(8), [3, 4], [])], **dict.fromkeys(columns))
    import_ebnerd(folder, newsroom, "validation")
    found = rows(newsroom.impressions("validation"), IMPRESSIONS, "clicked", "session_id", "device")
    assert found == [([], None, None)]


@pytest.mark.parametrize("kind", [pa.null(), None])
def test_a_column_without_any_value_counts_as_not_there_and_is_reported_as_not_taken(folder, newsroom, kind):
    lists = ("article_ids_clicked", "next_read_time", "next_scroll_percentage", "session_id", "device_type")
    reads, nothing = ("read_time_fixed", "scroll_percentage_fixed"), kind and pa.nulls(1)
    write_articles(folder, **({"published_time": pa.nulls(4)} if kind else {}))
    write_lists(folder / "train", [(50, 7, noon(5), [2, 3], [])], **dict.fromkeys(lists, nothing))
    write_history(folder / "train", {7: [(1, noon(1), 1.0, 1.0)]}, **dict.fromkeys(reads, nothing))
    report = import_ebnerd(folder, newsroom, "train")
    assert rows(newsroom.impressions("train"), IMPRESSIONS, "clicked", "session_id", "device") == [([], None, None)]
    assert rows(newsroom.clicks, CLICKS, "news_id", "dwell_seconds", "scroll") == [("1", None, None)]
    assert rows(newsroom.news, NEWS, "published_at")[1] == (at(5),)
    assert ("session_id" in report.left_out["behaviors.parquet"]) is (kind is not None)


def test_the_report_names_what_was_not_taken_and_no_folder_of_the_machine(folder, newsroom):
    report = import_ebnerd(folder, newsroom, "train")
    assert report.left_out["behaviors.parquet"] == ["article_id", "age"]
    assert str(folder) not in str(report) + json.dumps(report.to_dict())


def test_a_split_that_is_a_path_is_refused_before_anything_is_made(folder, newsroom):
    with pytest.raises(NewsroomError, match="split"):
        import_ebnerd(folder / "train", newsroom, "../validation")
    assert not newsroom.path.exists()


def test_the_newsroom_becomes_an_archive(folder, newsroom):
    import_ebnerd(folder, newsroom, "train")
    assert newsroom.config().clock == "latest"

import json
import os
from datetime import timedelta
from pathlib import Path

from broadsheet.importers.rows import content_hash
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, USERS
from tests.importers.alpha_and_beta import NOON, impression, news


def test_rows_arrive_as_given_with_missing_texts_empty(newsroom):
    assert news(newsroom).to_pylist()[0] == {
        "news_id": "a",
        "title": "Alpha",
        **dict.fromkeys(["abstract", "body", "category", "subcategory", "language", "source", "url"], ""),
        "published_at": NOON,
        "content_hash": content_hash("Alpha", "", "", ""),
        "kept": [],
        **dict.fromkeys(["embargo_until", "expires_at"]),
    }
    assert read_table(newsroom.users, USERS).to_pylist() == [
        {"user_id": "u", "history": ["a"], "profile": "football", "hidden": ["b"], "reads": None, "acts": None}
    ]
    assert read_table(newsroom.clicks, CLICKS).to_pylist() == [
        {"user_id": "u", "news_id": "a", "time": NOON, "event": "click"}
        | dict.fromkeys(("dwell_seconds", "scroll", "region"))
    ]
    assert read_table(newsroom.impressions("train"), IMPRESSIONS).to_pylist() == [
        impression("i1", propensity=None, session_id=None, device=None, is_subscriber=None, in_sight=None)
    ]


def test_the_same_article_again_replaces_its_text_and_others_stay_in_place(newsroom):
    with Import(newsroom) as add:
        add.news([{"news_id": "c", "title": "Gamma"}, {"news_id": "a", "title": "Alpha, corrected"}])
    assert news(newsroom).column("news_id").to_pylist() == ["b", "c", "a"]
    assert news(newsroom).column("title").to_pylist() == ["Beta", "Gamma", "Alpha, corrected"]
    assert (add.report.taken["news"], add.report.new("news"), add.report.replaced["news"]) == (2, 1, 1)


def test_a_reader_and_an_impression_again_are_replaced_and_clicks_are_added(newsroom):
    with Import(newsroom) as add:
        add.users([{"user_id": "u", "history": ["b"]}])
        add.impressions("train", [impression("i1", clicked=[False, True]), impression("i2")])
        add.clicks([{"user_id": "u", "news_id": "b", "time": NOON}])
    assert read_table(newsroom.users, USERS).column("history").to_pylist() == [["b"]]
    impressions = read_table(newsroom.impressions("train"), IMPRESSIONS)
    assert impressions.column("impression_id").to_pylist() == ["i1", "i2"]
    assert impressions.column("clicked").to_pylist()[0] == [False, True]
    assert read_table(newsroom.clicks, CLICKS).column("news_id").to_pylist() == ["a", "b"]


def test_a_duplicate_id_is_counted_and_the_first_kept(newsroom):
    with Import(newsroom) as add:
        add.news([{"news_id": "c", "title": "First"}, {"news_id": "c", "title": "Second"}])
        add.users([{"user_id": "v", "profile": "first"}, {"user_id": "v", "profile": "second"}])
        add.impressions("valid", [impression("i1"), impression("i1", shown=["b"], clicked=[])])
    assert news(newsroom).column("title").to_pylist()[-1] == "First"
    assert read_table(newsroom.users, USERS).column("profile").to_pylist()[-1] == "first"
    assert read_table(newsroom.impressions("valid"), IMPRESSIONS).column("shown").to_pylist() == [["a", "b"]]
    assert add.report.skipped == {
        "news: duplicate id": 1,
        "users: duplicate id": 1,
        "impressions-valid: duplicate id": 1,
    }


def test_a_click_counts_once_within_an_import_and_across_imports(newsroom):
    click = {"user_id": "u", "news_id": "a", "time": NOON}
    later = {**click, "time": NOON + timedelta(seconds=1)}
    with Import(newsroom) as add:
        add.clicks([click, later, {**click, "event": "share"}])
        add.clicks([later])
    assert read_table(newsroom.clicks, CLICKS).select(["time", "event"]).to_pylist() == [
        {"time": NOON, "event": "click"},
        {"time": later["time"], "event": "click"},
        {"time": NOON, "event": "share"},
    ]
    assert add.report.skipped == {"clicks: duplicate click": 2}


def test_unknown_ids_stay_in_histories_and_are_counted_once_all_news_are_known(newsroom):
    with Import(newsroom) as add:
        add.users([{"user_id": "v", "history": ["x", "late", "x"]}])
        add.impressions("train", [impression("i2", history=["x"], shown=["a", "y"])])
        add.clicks([{"user_id": "v", "news_id": news_id, "time": NOON} for news_id in ("z", "a")])
        add.news([{"news_id": "late", "title": "Late"}])
    assert read_table(newsroom.users, USERS).column("history").to_pylist()[-1] == ["x", "late", "x"]
    assert (add.report.unknown_ids, add.report.unknown_mentions) == (3, 5)  # x three times, y, z


def test_articles_alone_make_empty_tables_of_users_and_clicks(tmp_path):
    newsroom = Newsroom(tmp_path)
    with Import(newsroom) as add:
        add.news([{"news_id": "a", "title": "Alpha"}])
    assert len(read_table(newsroom.users, USERS)) == len(read_table(newsroom.clicks, CLICKS)) == 0


def test_an_archive_gets_settings_only_where_there_are_none(tmp_path):
    newsroom = Newsroom(tmp_path)
    with Import(newsroom) as add:
        add.archive()
        add.news([{"news_id": "a", "title": "Alpha"}])
    assert newsroom.config().clock == "latest"
    newsroom.config_file.write_text('clock = "now"\n')
    with Import(newsroom) as add:
        add.archive()
        add.news([{"news_id": "a", "title": "Alpha"}])
    assert newsroom.config().clock == "now"


def test_more_rows_than_a_batch_are_written_in_batches_and_stay_in_order(tmp_path):
    newsroom = Newsroom(tmp_path)
    with Import(newsroom) as add:
        add.news({"news_id": number, "title": "x"} for number in range(4500))
    assert news(newsroom).column("news_id").to_pylist() == [str(number) for number in range(4500)]
    assert [len(batch) for batch in news(newsroom).to_batches()] == [2000, 2000, 500]


def test_the_report_tells_counts_dates_and_reasons_as_text_and_as_json(newsroom):
    with Import(newsroom) as add:
        add.news([{"news_id": "a", "title": "Again", "published_at": NOON}, {"title": "x"}])
        add.clicks([{"user_id": "u", "news_id": "a", "time": NOON + timedelta(hours=3)}])
        add.users([{"user_id": "u", "history": ["x"]}])
    assert json.loads(json.dumps(add.report.to_dict())) == {
        "taken": {"news": 1, "users": 1, "clicks": 1},
        "new": {"news": 0, "users": 0, "clicks": 1},
        "replaced": {"news": 1, "users": 1, "clicks": 0},
        "skipped": {"news: empty id": 1},
        "notes": {},
        "examples": {},
        "unknown_ids": 1,
        "unknown_mentions": 1,
        "titles_made": 0,
        "left_out": {},
        "empty": [],
        "first": "2026-01-02T12:00:00+00:00",
        "last": "2026-01-02T15:00:00+00:00",
    }
    assert str(add.report).splitlines() == [
        "table         taken          new     replaced",
        "news              1            0            1",
        "users             1            0            1",
        "clicks            1            1            0",
        "dates: 2026-01-02 12:00 to 2026-01-02 15:00 UTC",
        "unknown ids: 1 without an article, named once",
        "skipped: 1 row",
        "           1  news: empty id",
    ]


def test_the_newsroom_files_are_readable_by_others_as_the_umask_says(newsroom):
    mask = os.umask(0)
    os.umask(mask)
    assert Path(newsroom.news).stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_reader_again_keeps_what_the_import_says_nothing_of(newsroom):
    with Import(newsroom) as add:
        add.users([{"user_id": "u", "history": ["b"]}, {"user_id": "new", "profile": None}])
    rows = {row["user_id"]: row for row in read_table(newsroom.users, USERS).to_pylist()}
    assert rows["u"] == {
        "user_id": "u",
        "history": ["b"],
        "profile": "football",
        "hidden": ["b"],
        "reads": None,
        "acts": None,
    }
    assert rows["new"] == {"user_id": "new", "history": [], "profile": "", "hidden": [], "reads": None, "acts": None}

"""Impressions of a publisher's own tables, in both forms, with what is not known told from no click."""

import json
from datetime import UTC, datetime

import pytest

from broadsheet.errors import CorpusError, NewsroomError
from broadsheet.importers.tables import import_tables
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS

LISTS = """impression_id,user_id,time,shown,clicked,history
i1,u,2026-01-02T12:00:00Z,a b c,0 1 0,c
i2,v,2026-01-02T13:00:00Z,a zzz,false true,
i3,v,2026-01-02T14:00:00Z,c,,
"""
ROWS = """impression_id,user_id,time,news_id,clicked
i1,u,2026-01-02T12:00:00Z,a,0
i2,v,2026-01-02T13:00:00Z,a,0
i1,u,2026-01-02T12:00:00Z,b,1
i1,u,2026-01-02T12:00:00Z,c,0
i2,v,2026-01-02T13:00:00Z,zzz,1
i3,v,2026-01-02T14:00:00Z,c,
"""
EXPECTED = [
    ("i1", "u", 12, ["a", "b", "c"], [False, True, False]),
    ("i2", "v", 13, ["a", "zzz"], [False, True]),
    ("i3", "v", 14, ["c"], []),
]


@pytest.fixture
def room(tmp_path):
    room = Newsroom(tmp_path / "room")
    (tmp_path / "news.csv").write_text("news_id,title\na,A\nb,B\nc,C\n")
    import_tables(room, tmp_path / "news.csv", None, None, {})
    return room


def taken(room, path, columns=None, split="train"):
    report = import_tables(room, None, None, None, columns or {}, impressions=path, split=split)
    return read_table(room.impressions(split), IMPRESSIONS).to_pylist(), report


@pytest.mark.parametrize("text", [LISTS, ROWS])
def test_a_row_for_each_list_and_a_row_for_each_article_give_the_same_impressions(tmp_path, room, text):
    (tmp_path / "shown.csv").write_text(text)
    rows, report = taken(room, tmp_path / "shown.csv")
    found = [(r["impression_id"], r["user_id"], r["time"].hour, r["shown"], r["clicked"]) for r in rows]
    assert found == EXPECTED and rows[0]["time"] == datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert report.taken["impressions-train"] == 3 and report.skipped == {} and report.unknown_ids == 1
    assert report.left_out == {} or not any(report.left_out.values())
    assert len(read_table(room.clicks, CLICKS)) == 0 and not room.config_file.exists()


def test_clicked_ids_name_the_clicked_articles_and_an_empty_list_is_no_click(tmp_path, room):
    row = {"user_id": 7, "time": 1767355200000, "inview": ["a", "b"], "propensity": [0.5, 0.25]}
    lines = [row | {"hit": ["b"]}, row | {"hit": [], "user_id": 8}, row | {"hit": ["c"]}, row | {"user_id": 9}]
    (tmp_path / "shown.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    columns = {"shown": "inview", "impressions.clicked_ids": "hit"}
    rows, report = taken(room, tmp_path / "shown.jsonl", columns, "valid")
    assert [(r["user_id"], r["clicked"]) for r in rows] == [("7", [False, True]), ("8", [False, False]), ("9", [])]
    assert rows[0]["propensity"] == [0.5, 0.25] and len({r["impression_id"] for r in rows}) == 3
    assert report.skipped == {"impressions-valid: a clicked article is not among the shown articles": 1}
    again, report = taken(room, tmp_path / "shown.jsonl", columns, "valid")
    assert len(again) == 3 and report.replaced["impressions-valid"] == 3


@pytest.mark.parametrize("clicked", [[["b"], "c", None, []], ["b", "c", None, "[]"]])
def test_a_column_clicked_may_name_the_clicked_articles(tmp_path, room, clicked):
    first = {"user_id": "t", "time": "2026-01-02", "shown": ["a", "b"], "clicked": []}
    lists = [first, *({**first, "user_id": f"u{n}", "clicked": hit} for n, hit in enumerate(clicked))]
    lists[2]["shown"] = ["a", "b", "c"]
    (tmp_path / "shown.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lists))
    rows, report = taken(room, tmp_path / "shown.jsonl")
    no_click = [False, False]
    assert [r["clicked"] for r in rows] == [no_click, [False, True], [False, False, True], [], no_click]
    assert not report.skipped


@pytest.mark.parametrize(
    ("shown", "clicked", "expected"),
    [
        ("1 0 7", ["1 0 0", "0 1 0"], [[True, False, False], [False, True, False]]),  # ids too, but labels fit as well
        ("1 0 7", ["7", "1"], [[False, False, True], [True, False, False]]),
    ],
)
def test_articles_with_the_ids_0_and_1_are_not_taken_for_labels(tmp_path, shown, clicked, expected):
    room = Newsroom(tmp_path / "room")
    (tmp_path / "news.csv").write_text("news_id,title\n0,A\n1,B\n7,C\n")
    lines = [f"u{n},2026-01-02,{shown},{hit}" for n, hit in enumerate(clicked)]
    (tmp_path / "shown.csv").write_text("\n".join(["user_id,time,shown,clicked", *lines, ""]))
    import_tables(room, tmp_path / "news.csv", None, None, {}, impressions=tmp_path / "shown.csv")
    assert read_table(room.impressions("train"), IMPRESSIONS).column("clicked").to_pylist() == expected


def test_a_shown_article_under_the_impression_id_of_another_reader_joins_no_list_and_is_counted(tmp_path, room):
    rows = "1,u,2026-01-02,a,0\n1,u,2026-01-02,b,1\n1,v,2026-01-03,c,1\n1,,2026-01-02,c,0\n"
    (tmp_path / "shown.csv").write_text(f"impression_id,user_id,time,news_id,clicked\n{rows}")
    (found,), report = taken(room, tmp_path / "shown.csv")
    assert (found["user_id"], found["shown"], found["clicked"]) == ("u", ["a", "b", "c"], [False, True, False])
    reason = "impressions-train: its impression_id is that of another reader's list"
    assert report.skipped == {reason: 1}
    assert report.examples[reason] == "'1' of 'v', which is an id of 'u'"


def test_a_list_with_a_wrong_label_is_counted(tmp_path, room):
    (tmp_path / "shown.csv").write_text("user_id,time,shown,clicked\nu,2026-01-02,a b,1 2\nu,2026-01-02,a b,1 0\n")
    _, report = taken(room, tmp_path / "shown.csv")
    assert report.skipped == {"impressions-train: not one label for each shown article": 1}


def test_a_file_without_shown_articles_and_a_bad_split_are_errors(tmp_path, room):
    (tmp_path / "shown.csv").write_text("user_id,time\nu,2026-01-02\n")
    with pytest.raises(CorpusError, match="expected also shown"):
        taken(room, tmp_path / "shown.csv")
    with pytest.raises(NewsroomError, match="split"):
        taken(room, tmp_path / "shown.csv", split="../x")


def test_a_missing_value_of_a_data_frame_is_no_value_of_a_list(tmp_path, room):
    clicks, shown = tmp_path / "clicks.csv", tmp_path / "shown.jsonl"
    clicks.write_text("user_id,news_id,time\nu,c,2026-01-01\n")
    import_tables(room, None, clicks, None, {})
    nan = float("nan")  # json writes it as NaN
    said = {"user_id": "u", "time": "2026-01-02", "shown": ["a", "b"], "impression_id": "i1", "clicked": [0, 1]}
    unsaid = said | {"time": "2026-01-03", "impression_id": nan, "clicked": nan}
    rows = [row | {"history": nan, "propensity": nan} for row in (said, unsaid)]
    shown.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    report = import_tables(room, None, None, None, {}, impressions=shown)
    assert not report.skipped
    found = read_table(room.impressions("train"), IMPRESSIONS).to_pylist()
    assert [(row["history"], row["clicked"]) for row in found] == [(["c"], [False, True]), (["c"], [])]

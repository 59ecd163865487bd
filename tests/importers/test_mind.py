import gzip
from datetime import UTC, datetime

import pytest

from broadsheet.errors import CorpusError, NewsroomError
from broadsheet.importers.mind import import_mind
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, NEWS, USERS

NEWS_LINES = [
    "N1\tsports\tgolf\tThe cup is won\tA quiet final day.\thttps://example.org/1\t[]\t[]",
    'N2\tnews\tworld\t"Open" and unclosed "\t\thttps://example.org/2\t[]\t[]',
    "N3\tnews\t\tRain",  # four columns
    "N4\tnews\t\tSun\t",  # five: the url is missing
]
BEHAVIORS_LINES = [
    "1\tU1\t11/12/2019 2:14:46 PM\tN1 N9\tN2-1 N4-0 N8-1",
    "2\tU2\t11/12/2019 12:00:00 AM\t\tN1-0 N2-0",
    "3\tU1\t11/11/2019 12:30:00 PM\tN9\tN1-1 N4-1",
]


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "mind")


def write(folder, news=NEWS_LINES, behaviors=BEHAVIORS_LINES):
    folder.mkdir(exist_ok=True)
    (folder / "news.tsv").write_bytes(b"".join(as_bytes(line) + b"\n" for line in news))
    (folder / "behaviors.tsv").write_bytes(b"".join(as_bytes(line) + b"\n" for line in behaviors))
    return folder


def as_bytes(line):
    return line if isinstance(line, bytes) else line.encode()


@pytest.fixture
def newsroom(tmp_path):
    return Newsroom(tmp_path / "newsroom")


def rows(newsroom, path, schema, *columns):
    return [tuple(row.values()) for row in read_table(path, schema).select(columns).to_pylist()]


def test_articles_keep_their_literal_quotes_and_a_row_with_too_few_columns_is_skipped(folder, newsroom):
    report = import_mind(folder, newsroom, "train")
    assert rows(newsroom, newsroom.news, NEWS, "news_id", "category", "subcategory", "title", "abstract", "url") == [
        ("N1", "sports", "golf", "The cup is won", "A quiet final day.", "https://example.org/1"),
        ("N2", "news", "world", '"Open" and unclosed "', "", "https://example.org/2"),
        ("N4", "news", "", "Sun", "", ""),
    ]
    assert report.skipped["news: too few columns"] == 1


def test_impressions_keep_order_labels_and_ids_without_text(folder, newsroom):
    report = import_mind(folder, newsroom, "train")
    columns = ("impression_id", "user_id", "time", "history", "shown", "clicked")
    assert rows(newsroom, newsroom.impressions("train"), IMPRESSIONS, *columns) == [
        ("1", "U1", time(12, 14, 14, 46), ["N1", "N9"], ["N2", "N4", "N8"], [True, False, True]),
        ("2", "U2", time(12, 0), [], ["N1", "N2"], [False, False]),
        ("3", "U1", time(11, 12, 30), ["N9"], ["N1", "N4"], [True, True]),
    ]
    assert (report.unknown_ids, report.unknown_mentions) == (2, 5)  # N9 in three histories; N8 shown and clicked


def time(day, hour, minute=0, second=0):
    return datetime(2019, 11, day, hour, minute, second, tzinfo=UTC)


def test_a_user_has_the_history_of_the_latest_impression(folder, newsroom):
    import_mind(folder, newsroom, "train")
    assert rows(newsroom, newsroom.users, USERS, "user_id", "history") == [("U1", ["N1", "N9"]), ("U2", [])]


def test_of_two_impressions_at_the_same_time_the_later_line_counts(tmp_path, newsroom):
    lines = ["1\tU1\t11/12/2019 2:00:00 PM\tN1\tN2-0", "2\tU1\t11/12/2019 2:00:00 PM\tN1 N2\tN4-0"]
    import_mind(write(tmp_path / "mind", behaviors=lines), newsroom, "train")
    assert rows(newsroom, newsroom.users, USERS, "user_id", "history") == [("U1", ["N1", "N2"])]


def test_each_clicked_article_with_text_is_a_click_at_the_time_of_the_impression(folder, newsroom):
    report = import_mind(folder, newsroom, "train")
    assert rows(newsroom, newsroom.clicks, CLICKS, "user_id", "news_id", "time", "event") == [
        ("U1", "N2", time(12, 14, 14, 46), "click"),
        ("U1", "N1", time(11, 12, 30), "click"),
        ("U1", "N4", time(11, 12, 30), "click"),
    ]
    assert report.skipped["clicks: article not known"] == 1
    assert (report.first, report.last) == (time(11, 12, 30), time(12, 14, 14, 46))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("4\tU3\t11/12/2019 2:14:46 PM\tN1", "too few columns"),
        ("", "too few columns"),
        (b"4\tU3\xff\t11/12/2019 2:14:46 PM\tN1\tN2-1", "invalid UTF-8"),
        ("4\tU3\t12-11-2019 14:14\tN1\tN2-1", "unreadable time"),
        ("4\tU3\t11/31/2019 2:14:46 PM\tN1\tN2-1", "unreadable time"),
        ("4\tU3\t11/12/2019 13:14:46 PM\tN1\tN2-1", "unreadable time"),
        ("4\tU3\t11/12/2019 0:14:46 AM\tN1\tN2-1", "unreadable time"),
        ("4\tU3\t11/12/2019 2:14:46 PM\tN1\tN2-1 N4-2", "malformed list of shown articles"),
        ("4\tU3\t11/12/2019 2:14:46 PM\tN1\tN2-1 N4", "malformed list of shown articles"),
    ],
)
def test_a_bad_line_of_behaviors_is_skipped_for_a_plain_reason(tmp_path, newsroom, line, reason):
    report = import_mind(write(tmp_path / "mind", behaviors=[line, *BEHAVIORS_LINES]), newsroom, "train")
    assert report.skipped[f"impressions-train: {reason}"] == 1
    if reason == "unreadable time":
        assert repr(line.split("\t")[2]) in report.examples["impressions-train: unreadable time"]
    assert rows(newsroom, newsroom.impressions("train"), IMPRESSIONS, "impression_id") == [("1",), ("2",), ("3",)]
    assert rows(newsroom, newsroom.users, USERS, "user_id") == [("U1",), ("U2",)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("4\tU3\t11/12/2019 2:14:46 PM\tN1\t", "no article was shown"),
        ("4\tU3\t11/12/2019 2:14:46 PM\tN1\tN7-1 N8-0", "none of the shown articles has text"),
        ("4\tU3\t11/12/2019 2:14:46 PM\tN1\tN2-1 -0", "list of shown articles: empty id"),
        ("1\tU3\t11/12/2019 2:14:46 PM\tN1\tN2-1", "duplicate id"),
    ],
)
def test_an_impression_that_cannot_be_ranked_is_skipped_for_a_plain_reason(tmp_path, newsroom, line, reason):
    report = import_mind(write(tmp_path / "mind", behaviors=[*BEHAVIORS_LINES, line]), newsroom, "train")
    assert report.skipped[f"impressions-train: {reason}"] == 1
    assert rows(newsroom, newsroom.impressions("train"), IMPRESSIONS, "impression_id") == [("1",), ("2",), ("3",)]


def test_a_byte_order_mark_is_no_part_of_an_id_and_a_header_is_no_article(tmp_path, newsroom):
    mark = b"\xef\xbb\xbf"
    news = [mark + NEWS_LINES[0].encode(), *NEWS_LINES[1:], "News_ID\tCategory\tSubcategory\tTitle\tAbstract\tURL"]
    behaviors = [
        mark + BEHAVIORS_LINES[0].encode(),
        *BEHAVIORS_LINES[1:],
        "impression_id\tuser_id\ttime\thistory\tshown",
    ]
    report = import_mind(write(tmp_path / "mind", news, behaviors), newsroom, "train")
    assert [row[0] for row in rows(newsroom, newsroom.news, NEWS, "news_id")] == ["N1", "N2", "N4"]
    assert rows(newsroom, newsroom.impressions("train"), IMPRESSIONS, "impression_id") == [("1",), ("2",), ("3",)]
    assert not any(report.left_out.values())
    assert report.skipped["news: header row"] == report.skipped["impressions-train: header row"] == 1


def test_a_line_of_news_in_another_encoding_is_skipped(tmp_path, newsroom):
    line = "N5\tnews\t\tCafé\t\t\t".encode("latin-1")
    report = import_mind(write(tmp_path / "mind", news=[line, *NEWS_LINES]), newsroom, "train")
    assert report.skipped["news: invalid UTF-8"] == 1
    assert report.taken["news"] == 3


def test_a_test_set_without_labels_gives_impressions_without_clicks(tmp_path, newsroom):
    lines = ["1\tU1\t11/12/2019 2:14:46 PM\tN1\tN2 N4"]
    report = import_mind(write(tmp_path / "mind", behaviors=lines), newsroom, "test")
    assert rows(newsroom, newsroom.impressions("test"), IMPRESSIONS, "shown", "clicked") == [(["N2", "N4"], [])]
    assert report.taken["clicks"] == 0


def test_gzip_gives_the_same_tables(folder, tmp_path, newsroom):
    packed = tmp_path / "packed"
    packed.mkdir()
    for name in ("news.tsv", "behaviors.tsv"):
        (packed / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
    from_gzip = Newsroom(tmp_path / "other")
    assert str(import_mind(folder, newsroom, "train")) == str(import_mind(packed, from_gzip, "train"))
    for path in newsroom.news.parent.iterdir():
        assert (from_gzip.news.parent / path.name).read_bytes() == path.read_bytes()


def test_a_gzip_file_cut_short_is_an_error_and_imports_nothing(folder, newsroom):
    packed = gzip.compress((folder / "behaviors.tsv").read_bytes())
    (folder / "behaviors.tsv").unlink()
    (folder / "behaviors.tsv.gz").write_bytes(packed[:-12])
    with pytest.raises(CorpusError, match=r"behaviors\.tsv\.gz: damaged gzip file"):
        import_mind(folder, newsroom, "train")
    assert not newsroom.news.exists()


def test_missing_and_empty_files_are_named_together_and_nothing_is_made(tmp_path, newsroom):
    folder = tmp_path / "mind"
    folder.mkdir()
    (folder / "news.tsv").touch()
    with pytest.raises(CorpusError) as error:
        import_mind(folder, newsroom, "train")
    assert f"{folder / 'news.tsv'}: the file is empty" in str(error.value)
    assert f"{folder / 'behaviors.tsv'}: no such file" in str(error.value)
    assert not newsroom.path.exists()


def test_a_split_name_that_is_a_path_is_refused_before_anything_is_made(folder, newsroom):
    with pytest.raises(NewsroomError, match="split"):
        import_mind(folder, newsroom, "../train")
    assert not newsroom.path.exists()


def test_a_second_split_adds_to_the_newsroom(folder, tmp_path, newsroom):
    import_mind(folder, newsroom, "train")
    lines = ["1\tU1\t11/15/2019 2:14:46 PM\tN4\tN2-1"]
    report = import_mind(write(tmp_path / "more", news=NEWS_LINES[:1], behaviors=lines), newsroom, "valid")
    assert (report.replaced["news"], report.replaced["users"], report.taken["clicks"]) == (1, 1, 1)
    assert read_table(newsroom.news, NEWS).num_rows == 3
    assert read_table(newsroom.clicks, CLICKS).num_rows == 4
    assert read_table(newsroom.impressions("train"), IMPRESSIONS).num_rows == 3
    assert rows(newsroom, newsroom.users, USERS, "user_id", "history") == [("U2", []), ("U1", ["N4"])]


def test_the_newsroom_becomes_an_archive(folder, newsroom):
    import_mind(folder, newsroom, "train")
    assert newsroom.config().clock == "latest"

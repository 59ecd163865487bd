"""What callers hand to the pipeline from Python: taken as it is meant, or refused in a sentence."""

import numpy as np
import pyarrow as pa
import pytest

from broadsheet import pipeline
from broadsheet.errors import InputError
from broadsheet.pipeline import Pipeline, build, open_newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import USERS
from tests.support.tiny import START


@pytest.fixture(scope="module")
def plain(built):
    return Pipeline.open(built.path)


@pytest.mark.parametrize(
    "user_ids",
    [
        (user_id for user_id in ("voter", "fan")),
        ("voter", "fan"),
        {"voter": 1, "fan": 2}.keys(),
        np.array(["voter", "fan"]),
        np.array(["voter", "fan"], object),
        pa.chunked_array([["voter"], ["fan"]]),
        pa.array(["voter", "fan"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_readers_of_several_pages_come_from_whatever_yields_them(plain, user_ids):
    pages = plain.run_many(user_ids, k=3)
    assert [page.user_id for page in pages] == ["voter", "fan"]
    assert pages[1].stories.equals(plain.run("fan", 3).stories)


@pytest.mark.parametrize("user_ids", ["fan", b"fan", 7, None, {"fan": 3}, pa.table({"user_id": ["fan"]})], ids=repr)
def test_what_is_no_list_of_readers_is_refused(plain, user_ids):
    with pytest.raises(InputError, match=r"user_ids: found .*, expected a list of ids"):
        plain.run_many(user_ids)


@pytest.mark.parametrize("k", [np.int64(3), np.uint8(3)])
def test_a_whole_number_of_numpy_is_a_whole_number(plain, k):
    assert len(plain.run("fan", k).stories) == len(plain.ask("goal", k).stories) == 3


@pytest.mark.parametrize("user_id", [123, np.int64(123), np.str_("123"), pa.scalar("123")])
def test_a_whole_number_is_the_id_that_an_import_makes_of_it(plain, user_id):
    page = plain.run(user_id, 3)
    assert page.user_id == "123" and type(page.user_id) is str


@pytest.mark.parametrize(
    "users", [[], iter(()), {"fan": 1}, ["nobody here"]], ids=["empty", "used up", "no list", "unknown"]
)
def test_an_edition_for_no_reader_is_refused(copy, users):
    with pytest.raises(InputError, match="users: "):
        build(copy, users)
    assert len(copy.editions()) == 1


@pytest.mark.parametrize("user_id", ["", "  ", None, True, 7.5, b"\xff", "a\x1bb", 10**4000, np.array(["fan"])])
def test_a_reader_without_an_id_is_refused(plain, user_id):
    for call, name in ((plain.run, "user_id"), (lambda value: plain.run_many(["fan", value]), "user_ids")):
        with pytest.raises(InputError, match=f"{name}: found .*, expected the id of a reader"):
            call(user_id)


ROW = {"news_id": "NEW", "title": "A late goal decides the match", "published_at": START}


def as_pandas():
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame([ROW | {"abstract": None}, {"news_id": "NEW2", "title": "A second goal"}])


@pytest.mark.parametrize(
    "rows, count",
    [
        (lambda: ROW, 1),
        (lambda: (row for row in [ROW]), 1),
        (lambda: pa.Table.from_pylist([ROW]), 1),
        (as_pandas, 2),
    ],
    ids=["mapping", "generator", "pyarrow", "pandas"],
)
def test_articles_come_as_mappings_or_as_a_table(opened, rows, count):
    report = opened.add(rows())
    assert report.taken["news"] == count and not report.skipped
    news = opened.bench.data.catalogue.news.to_pylist()
    (added,) = (row for row in news if row["news_id"] == "NEW")
    assert (added["title"], added["published_at"]) == (ROW["title"], START)
    assert added["abstract"] == ""


@pytest.mark.parametrize(
    "rows, said",
    [
        ("articles.csv", "A file is added by `broadsheet add`."),
        (7, "expected rows: mappings from column to value"),
        (None, "expected rows: mappings from column to value"),
        ([ROW, "N2"], "found 'N2' as row 2, expected a mapping"),
        ({"news_id": ["N1", "N2"], "title": ["a", "b"]}, "a mapping whose values are lists, expected one row"),
    ],
)
def test_what_are_no_rows_is_refused_and_nothing_is_added(opened, rows, said):
    with pytest.raises(InputError, match=r"^articles: ") as raised:
        opened.add(rows)
    assert said in str(raised.value)
    assert not list(opened.bench.data.newsroom.live.glob("*.arrow"))


def test_values_of_numpy_in_a_row_are_the_values_that_python_has(opened):
    time = np.datetime64(START.replace(tzinfo=None), "ns")
    opened.add(
        [{"news_id": np.int64(7), "title": ROW["title"], "published_at": time, "tags": np.array(["a"])}], ["tags"]
    )
    (added,) = (row for row in opened.bench.data.catalogue.news.to_pylist() if row["news_id"] == "7")
    assert (added["published_at"], added["kept"]) == (START, [{"name": "tags", "value": '["a"]'}])


@pytest.mark.parametrize("keep", ["author", [3], {"author": 1}])
def test_what_are_no_names_of_columns_is_refused(opened, keep):
    with pytest.raises(InputError, match=r"keep: found .*, expected a list of names"):
        opened.add([{**ROW, "author": "Ann"}], keep)


def test_ids_to_withdraw_come_from_whatever_yields_them(opened):
    assert opened.withdraw(pa.array(["N1", "N2"])) == [] and opened.withdraw(np.array([7, 8])) == ["7", "8"]


def test_a_newsroom_is_named_by_its_folder_or_handed_over(copy):
    first = build(str(copy.path), (user_id for user_id in ("fan", "voter")))
    assert read_table(first.users, USERS)["user_id"].to_pylist() == ["fan", "voter"]
    assert Pipeline.open(copy).bench.data.edition == open_newsroom(copy).bench.data.edition == first


@pytest.mark.parametrize(
    ("newsroom", "users", "said"),
    [
        (7, "all", "newsroom: found 7, expected the path of a folder, such as 'newsroom'"),
        (None, "all", "newsroom: found None, expected the path of a folder"),
        ("nowhere", 7, "users: found 7, expected a list of ids"),
    ],
)
def test_a_build_of_what_is_no_newsroom_or_for_what_are_no_readers_is_refused(newsroom, users, said):
    with pytest.raises(InputError) as raised:
        build(newsroom, users)
    assert said in str(raised.value)


@pytest.mark.parametrize("path", [None, 7, "", b"newsroom", "a\0b", ["newsroom"]])
def test_what_is_no_path_is_refused(path, built, monkeypatch):
    with pytest.raises(InputError, match=r"newsroom: found .*, expected the path of a folder"):
        Pipeline.open(path)
    if path is not None:
        with pytest.raises(InputError, match=r"newsroom: found .*, expected the path of a folder"):
            pipeline.run("fan", newsroom=path)
    monkeypatch.setenv("BROADSHEET_NEWSROOM", str(built.path))
    assert open_newsroom(None) is open_newsroom(built.path)

import os
import resource
import signal
from pathlib import Path

import pytest

from broadsheet.errors import ContractError, CorpusError, NewsroomError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import USERS
from tests.importers.alpha_and_beta import NOON, impression, news
from tests.support.forks import start_forks


def files(newsroom):
    return {
        path.relative_to(newsroom.path): path.read_bytes()
        for path in newsroom.path.rglob("*")
        if path.is_file() and ".import" not in path.parts
    }


def import_and_die(newsroom, moment):
    """Import 3,000 articles and a reader, and end as by a kill: "reading", "before the commit" or after renames."""

    def rows():
        for number in range(3000):
            yield {"news_id": f"n{number}", "title": "x"}
        if moment == "reading":
            os._exit(9)

    with Import(newsroom) as add:
        add.news(rows())
        add.users([{"user_id": "u", "history": ["n1"]}])
        if moment == "before the commit":
            os._exit(9)
        renames, replace = [], os.replace

        def replace_or_die(source, target):
            if Path(target).parent == newsroom.news.parent:
                if len(renames) == int(moment):
                    os._exit(9)
                renames.append(target)
            replace(source, target)

        os.replace = replace_or_die


def killed_import(newsroom, moment):
    process = start_forks().Process(target=import_and_die, args=(newsroom, moment))
    process.start()
    process.join()
    assert process.exitcode == 9


def test_an_import_that_takes_no_row_is_an_error_with_the_reasons(newsroom):
    before = files(newsroom)
    with pytest.raises(CorpusError, match=r"not one row was taken \(2 news: empty id; 1 users: invalid UTF-8\)"):
        with Import(newsroom) as add:
            add.news([{}, {}])
            add.skip("users: invalid UTF-8")
    assert files(newsroom) == before


def test_an_error_in_the_middle_leaves_the_newsroom_as_it_was_and_the_next_import_works(newsroom):
    def rows():
        for number in range(5000):
            yield {"news_id": f"n{number}", "title": "x"}
        raise KeyboardInterrupt

    before = files(newsroom)
    with pytest.raises(KeyboardInterrupt), Import(newsroom) as add:
        add.news(rows())
    assert files(newsroom) == before
    assert not list(newsroom.news.parent.glob(".*"))
    with Import(newsroom) as add:
        add.news([{"news_id": "c", "title": "Gamma"}])
    assert news(newsroom).column("news_id").to_pylist() == ["a", "b", "c"]


def test_a_failed_first_import_leaves_no_corpus(tmp_path):
    newsroom = Newsroom(tmp_path / "new")
    with pytest.raises(CorpusError, match="no rows"), Import(newsroom):
        pass
    assert not newsroom.news.parent.exists()
    assert not newsroom.config_file.exists()


@pytest.mark.parametrize("moment", ["reading", "before the commit", "0"])
def test_an_import_killed_before_its_first_rename_leaves_the_newsroom_as_it_was(newsroom, moment):
    before = files(newsroom)
    killed_import(newsroom, moment)
    assert files(newsroom) == before
    with Import(newsroom) as add:
        add.news([{"news_id": "c", "title": "Gamma"}])
    assert news(newsroom).column("news_id").to_pylist() == ["a", "b", "c"]
    assert not list(newsroom.news.parent.glob(".*"))


def test_an_import_killed_between_renames_has_the_articles_in_and_can_be_run_again(newsroom):
    killed_import(newsroom, "1")
    assert len(news(newsroom)) == 3002
    assert read_table(newsroom.users, USERS).column("history").to_pylist() == [["a"]]
    with Import(newsroom) as add:
        add.users([{"user_id": "u", "history": ["n1"]}])
    assert read_table(newsroom.users, USERS).column("history").to_pylist() == [["n1"]]


def test_a_full_disk_is_one_clear_error_and_leaves_the_newsroom_as_it_was(newsroom):
    before = files(newsroom)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(CorpusError, match="the disk is full"), Import(newsroom) as add:
            add.news({"news_id": f"n{number}", "title": "x" * 100} for number in range(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert files(newsroom) == before


@pytest.mark.parametrize("table", ["news", "users", "clicks"])
def test_a_damaged_table_is_a_clear_error_that_names_it(newsroom, table):
    path = getattr(newsroom, table)
    path.write_bytes(path.read_bytes()[:-20])
    before = files(newsroom)
    with pytest.raises(ContractError, match=f"{table}.arrow: not a whole Arrow IPC file"), Import(newsroom) as add:
        add.news([{"news_id": "c", "title": "Gamma"}])
        add.users([{"user_id": "v"}])
        add.clicks([{"user_id": "v", "news_id": "c", "time": NOON}])
    assert files(newsroom) == before


def test_a_table_with_damaged_texts_is_a_clear_error(newsroom):
    newsroom.news.write_bytes(newsroom.news.read_bytes().replace(b"AlphaBeta", b"Alpha\xff\xff\xff\xff"))
    with (
        pytest.raises(ContractError, match=r"news\.arrow: not a whole Arrow IPC file as it was written"),
        Import(newsroom),
    ):
        pass


def test_a_second_import_at_the_same_time_is_refused(newsroom):
    with Import(newsroom) as add:
        add.news([{"news_id": "c", "title": "Gamma"}])
        with pytest.raises(NewsroomError, match="another build, import or training"), Import(newsroom):
            pass
    assert len(news(newsroom)) == 3


def test_a_bad_split_name_is_refused(newsroom):
    before = files(newsroom)
    with pytest.raises(NewsroomError, match="split"), Import(newsroom) as add:
        add.impressions("../train", [impression("i1")])
    assert files(newsroom) == before


def test_a_table_whose_rows_are_all_refused_is_an_error_though_other_tables_are_taken(newsroom):
    before = files(newsroom)
    wanted = (
        r"not one row of clicks or impressions-train was taken \(2 clicks: article not known \(found 'X1', which no "
        r"article has as its id\); 1 impressions-train: none of the shown articles has text\)\. The newsroom is as it "
        r"was\. .*import them first"
    )
    with pytest.raises(CorpusError, match=wanted), Import(newsroom) as add:
        add.news([{"news_id": "c", "title": "Gamma"}])
        add.clicks({"user_id": "u", "news_id": news_id, "time": NOON} for news_id in ("X1", "X2"))
        add.impressions("train", [impression("i", shown=["X1"], clicked=[True])])
    assert files(newsroom) == before


def test_clicks_that_the_corpus_has_already_are_no_error_beside_new_articles(newsroom):
    for _ in range(2):
        with Import(newsroom) as add:
            add.news([{"news_id": "c", "title": "Gamma"}])
            add.clicks([{"user_id": "u", "news_id": "a", "time": NOON}])
    assert add.report.skipped == {"clicks: duplicate click": 1} and add.report.taken["clicks"] == 0

"""The journal alone: its files, its numbers, and what its entries come to."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from broadsheet.errors import ContractError, CorpusError
from broadsheet.importers.absorb_journal import absorb
from broadsheet.importers.transaction import Import
from broadsheet.newsroom.entries import fold, read_added, read_withdrawal
from broadsheet.newsroom.journal import Journal, carried_by, read_withdrawn
from broadsheet.newsroom.manifest import write_manifest
from broadsheet.nightly.verify import verify_journal
from broadsheet.tables.arrow_files import from_rows, read_table
from broadsheet.tables.live_schemas import WITHDRAWN, late_news
from broadsheet.tables.schemas import NEWS
from broadsheet.tables.vectors import vectors_to_arrow, vectors_to_numpy
from tests.support.stage_contract import news_table, unit

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def articles(*ids, title="Late"):
    news = news_table(len(ids), news_id=list(ids), title=[title] * len(ids))
    vectors = unit(np.arange(1, 4 * len(ids) + 1).reshape(-1, 4))
    return pa.table([*news.columns, vectors_to_arrow(vectors)], schema=late_news(4))


def withdrawn(*ids, time=NOON):
    return from_rows([{"news_id": news_id, "time": time} for news_id in ids], WITHDRAWN)


def write(room, *calls):
    """Write entries: a text with a plus is an article added, others are withdrawn."""
    for call in calls:
        if call.startswith("+"):
            Journal(room).add(articles(call[1:]), "m1")
        else:
            Journal(room).withdraw(withdrawn(call))


def titles(room):
    return dict(zip(*read_table(room.news, NEWS).select(["news_id", "title"]).to_pydict().values(), strict=True))


def names(room):
    return [entry.path.name for entry in Journal(room).entries()]


def complete(room, name, carried):
    """An edition that says up to where it holds the journal."""
    write_manifest(room.editions_folder / name / "manifest.json", {"files": {}, "live": carried})


def test_each_call_is_one_file_and_numbers_rise_without_a_gap(room):
    Journal(room).add(articles("x", "y"), "m1")
    Journal(room).withdraw(withdrawn("a", "b"))
    Journal(room).add(articles("z"), "m1")
    assert names(room) == ["000000000001-add.arrow", "000000000002-withdraw.arrow", "000000000003-add.arrow"]
    first, second, _ = Journal(room).entries()
    table, model = read_added(first)
    assert model == "m1" and table["news_id"].to_pylist() == ["x", "y"]
    assert vectors_to_numpy(table).tolist() == vectors_to_numpy(articles("x", "y")).tolist()
    assert read_withdrawal(second).to_pylist() == [{"news_id": name, "time": NOON} for name in "ab"]
    assert [entry.sequence for entry in Journal(room).entries(after=1)] == [2, 3]


def test_a_newsroom_without_a_journal_has_no_entries(room):
    journal = Journal(room)
    assert journal.entries() == [] and journal.modified() == 0 and journal.carried() == 0
    journal.remove_carried()
    assert not room.live.exists() and verify_journal(room) == []


def test_the_last_word_on_an_id_counts():
    changes = fold(
        [
            ("add", articles("x", "y", title="First")),
            ("withdraw", withdrawn("x", "a")),
            ("add", articles("z", "a", title="Second")),
            ("add", articles("y", title="Third")),
            ("withdraw", withdrawn("z")),
        ]
    )
    assert changes.added.select(["news_id", "title"]).to_pylist() == [
        {"news_id": "a", "title": "Second"},
        {"news_id": "y", "title": "Third"},
    ]
    assert changes.withdrawn == {"x": NOON, "z": NOON}
    assert fold([]).added is None and fold([]).withdrawn == {}


def test_the_corpus_takes_in_what_was_added_and_loses_what_was_withdrawn(room):
    write(room, "+x", "b", "+c", "y")
    absorb(room)
    assert titles(room) == {"a": "Title a", "x": "Late", "c": "Late"}
    assert read_withdrawn(room) == {"b": NOON, "y": NOON} and carried_by(room.news) == 4
    assert len(names(room)) == 4  # an edition may need them


def test_absorbing_again_changes_nothing_and_begins_after_what_is_there(room):
    write(room, "+x")
    absorb(room)
    with Import(room) as add:
        add.news([{"news_id": "x", "title": "Imported later"}])
    absorb(room)
    assert titles(room)["x"] == "Imported later" and carried_by(room.news) == 1
    write(room, "a")
    absorb(room)
    assert titles(room) == {"b": "Title b", "c": "Title c", "x": "Imported later"} and carried_by(room.news) == 2


def test_a_crash_between_the_two_files_is_made_good(room):
    write(room, "a", "+x")
    before = room.news.read_bytes()
    absorb(room)
    after = titles(room)
    room.news.write_bytes(before)  # the state between the two renames
    absorb(room)
    assert titles(room) == after and read_withdrawn(room) == {"a": NOON} and carried_by(room.news) == 2


def test_an_import_enters_the_journal_first_and_brings_back_nothing_that_was_withdrawn(room):
    write(room, "b", "+x")
    with Import(room) as add:
        add.news([{"news_id": "b", "title": "Again"}, {"news_id": "x", "title": "Imported"}])
        add.clicks([{"user_id": "u", "news_id": "b", "time": NOON}, {"user_id": "u", "news_id": "x", "time": NOON}])
    assert titles(room) == {"a": "Title a", "c": "Title c", "x": "Imported"}
    assert add.report.skipped == {"news: withdrawn": 1, "clicks: article not known": 1}
    with pytest.raises(CorpusError, match=r"not one row was taken .1 news: withdrawn"), Import(room) as add:
        add.news([{"news_id": "b", "title": "Again"}])


def test_an_article_added_again_is_withdrawn_no_longer(room):
    write(room, "b")
    absorb(room)
    write(room, "+b")
    absorb(room)
    assert titles(room)["b"] == "Late" and read_withdrawn(room) == {}
    with Import(room) as add:
        add.news([{"news_id": "b", "title": "Imported"}])
    assert titles(room)["b"] == "Imported"


def test_entries_go_when_every_edition_holds_them_and_their_numbers_do_not_come_again(room):
    write(room, "+x", "a", "+y")
    absorb(room)
    complete(room, "2026-01-01", 1)
    complete(room, "2026-01-02", 3)
    (room.live / ".000000000004-add.arrow.1.part").write_bytes(b"torn")
    Journal(room).remove_carried()
    assert names(room) == ["000000000002-withdraw.arrow", "000000000003-add.arrow"]
    assert not list(room.live.glob(".*.part"))
    complete(room, "2026-01-01", 3)
    Journal(room).remove_carried()
    assert names(room) == []
    write(room, "+z")
    assert names(room) == ["000000000004-add.arrow"] and verify_journal(room) == []


def test_entries_stay_where_an_edition_does_not_say_what_it_holds(room):
    write(room, "+x")
    complete(room, "2026-01-01", 1)
    complete(room, "2026-01-02", 1)
    (room.editions_folder / "2026-01-01" / "manifest.json").write_text("{")
    Journal(room).remove_carried()
    assert names(room) == ["000000000001-add.arrow"]


def test_numbers_go_on_after_an_editions_where_the_corpus_was_imported_anew(room):
    complete(room, "2026-01-01", 7)
    room.live.mkdir()
    write(room, "+x")
    assert names(room) == ["000000000008-add.arrow"]


def test_the_folder_is_looked_into_until_its_last_change_is_long_enough_ago(room):
    import os

    write(room, "+x")
    assert Journal(room).modified() is None
    os.utime(room.live, (1e9, 1e9))
    assert Journal(room).modified() == 10**18


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("kind", ["add", "withdraw"])
def test_an_entry_with_any_flipped_byte_of_its_values_is_refused_by_name_and_verify_tells(room, kind):
    write(room, "+article-id" if kind == "add" else "article-id")
    (entry,) = Journal(room).entries()
    place = entry.path.read_bytes().index(b"article-id") + 3
    flip(entry.path, place)
    read = read_added if kind == "add" else read_withdrawal
    with pytest.raises(
        ContractError, match=rf"{entry.path.name}: not the entry that was written .*delete it and {kind}"
    ):
        read(entry)
    assert len(verify_journal(room)) == 1 and entry.path.name in verify_journal(room)[0]
    with pytest.raises(ContractError, match=entry.path.name):
        absorb(room)
    assert titles(room) == {name: f"Title {name}" for name in "abc"}


@pytest.mark.parametrize("damage", ["truncated", "empty", "foreign", "renamed"])
def test_an_entry_that_is_not_whole_or_not_under_its_own_name_is_told(room, damage):
    write(room, "+x", "+y")
    path = Journal(room).entries()[1].path
    content = {"truncated": path.read_bytes()[:-9], "empty": b"", "foreign": b"nothing of ours"}.get(damage)
    if content is None:
        path.rename(path.with_name("000000000003-add.arrow"))
    else:
        path.write_bytes(content)
    problems = verify_journal(room)
    assert problems and all("00000000000" in problem for problem in problems)


def test_verify_tells_of_strange_names_and_of_numbers_that_repeat(room):
    write(room, "+x", "a")
    (room.live / "notes.txt").write_text("mine")
    copy = room.live / "000000000001-withdraw.arrow"
    copy.write_bytes((room.live / "000000000002-withdraw.arrow").read_bytes())
    strange, repeated, damaged = verify_journal(room)
    assert strange.startswith("notes.txt: not the name of an entry")
    assert repeated.startswith(f"{copy.name}: its number is also the number of 000000000001-add.arrow")
    assert "sequence is '2', expected '1'" in damaged

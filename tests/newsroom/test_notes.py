"""What a newsroom has had and has lost is an error, and never taken for nothing."""

import shutil

import pytest

from broadsheet.errors import ContractError, NewsroomError
from broadsheet.importers.absorb_journal import absorb
from broadsheet.importers.transaction import Import
from broadsheet.live.articles import known_ids, withdraw_articles
from broadsheet.newsroom.journal import Journal, read_withdrawn
from broadsheet.nightly.verify import verify_journal
from broadsheet.readers.mutes import mute, open_mutes
from broadsheet.readers.profiles import open_profiles, set_profile
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.live_schemas import WITHDRAWN
from broadsheet.tables.schemas import NEWS


def withdraw(room, *news_ids):
    withdraw_articles(room, news_ids, lambda: known_ids(room))


def test_mutes_and_profiles_that_were_lost_are_an_error_of_every_process(room):
    assert "ann" not in open_mutes(room.mutes)() and "ann" not in open_profiles(room.profiles)()
    mute(room, "ann", ["sport"])
    set_profile(room, "ann", "rain")
    running = open_mutes(room.mutes)
    assert running().of("ann") == (["sport"], [])
    shutil.rmtree(room.mutes.parent)
    for look in (running, open_mutes(room.mutes), open_profiles(room.profiles), lambda: mute(room, "bob", ["sport"])):
        with pytest.raises(ContractError, match=r"(mutes|profiles)\.arrow: missing, though readers' choices were"):
            look()
    shutil.rmtree(room.notes)
    assert "ann" not in open_mutes(room.mutes)()  # the operator said that the choices are lost
    mute(room, "bob", ["sport"])
    assert open_mutes(room.mutes)().of("bob") == (["sport"], [])


def test_a_journal_that_was_lost_is_an_error_until_an_operator_says_that_it_is(room):
    withdraw(room, "a")
    shutil.rmtree(room.live)
    for look in (Journal(room).entries, lambda: withdraw(room, "b"), lambda: absorb(room)):
        with pytest.raises(NewsroomError, match=r"live: missing, though 1 calls of add and withdraw were written"):
            look()
    assert len(verify_journal(room)) == 1
    room.live.mkdir()
    withdraw(room, "a")
    assert [entry.sequence for entry in Journal(room).entries()] == [2]


def test_a_newsroom_that_was_moved_away_is_an_error(room, tmp_path):
    journal = Journal(room)
    assert journal.modified() == 0
    room.path.rename(tmp_path / "elsewhere")
    with pytest.raises(NewsroomError, match="no newsroom here"):
        journal.modified()


def test_a_lost_or_older_table_of_what_is_withdrawn_is_an_error(room):
    withdraw(room, "a")
    absorb(room)
    older = room.withdrawn.read_bytes()
    withdraw(room, "b")
    absorb(room)
    assert set(read_withdrawn(room)) == {"a", "b"}
    room.withdrawn.write_bytes(older)
    with pytest.raises(ContractError, match=r"withdrawn\.arrow: it ends at entry 1 .* needs entry 2"):
        read_withdrawn(room)
    room.withdrawn.unlink()
    with pytest.raises(ContractError, match=r"withdrawn\.arrow: no such file"), Import(room) as add:
        add.news([{"news_id": "a", "title": "Again"}])


def test_an_older_news_table_loses_what_was_withdrawn_since(room):
    older = room.news.read_bytes()
    withdraw(room, "a")
    absorb(room)
    Journal(room).entries()[0].path.unlink()
    room.news.write_bytes(older)
    absorb(room)
    assert read_table(room.news, NEWS)["news_id"].to_pylist() == ["b", "c"]


def test_articles_that_are_imported_anew_do_not_bring_back_what_was_withdrawn(room):
    withdraw(room, "a")
    absorb(room)
    room.news.unlink()
    with Import(room) as add:
        add.news([{"news_id": name, "title": f"Title {name}"} for name in "ab"])
    assert read_table(room.news, NEWS)["news_id"].to_pylist() == ["b"]


def test_a_number_is_not_given_again_when_the_last_entry_is_deleted_or_the_journal_restored(room):
    withdraw(room, "a")
    withdraw(room, "b")
    first, last = (entry.path for entry in Journal(room).entries())
    older = first.read_bytes()
    last.unlink()
    assert verify_journal(room) == ["it ends at entry 1, expected 2; entries are missing"]
    withdraw(room, "b")
    assert [entry.sequence for entry in Journal(room).entries()] == [1, 3]
    absorb(room)
    for entry in Journal(room).entries():
        entry.path.unlink()
    shutil.rmtree(room.notes)  # as a newsroom of an earlier version, which has no notes
    first.write_bytes(older)
    withdraw_articles(room, ["c"], dict)
    assert [entry.sequence for entry in Journal(room).entries()] == [1, 4]


@pytest.mark.parametrize("content", [b"", b"1\n", b"\xb1\n", b"3\n" + b"0" * 64 + b"\n"])
def test_a_note_that_changed_is_an_error_that_names_it(room, content):
    withdraw(room, "a")
    whole = (room.notes / "live").read_bytes()
    (room.notes / "live").write_bytes(content)
    with pytest.raises(NewsroomError, match=r"notes/live: (not the note that was written|found '', expected)"):
        withdraw(room, "b")
    assert len(verify_journal(room)) == 1 and len(list(room.live.glob("*.arrow"))) == 1
    (room.notes / "live").write_bytes(whole)
    withdraw(room, "b")
    assert [entry.sequence for entry in Journal(room).entries()] == [1, 2]


def test_notes_of_an_earlier_version_which_have_no_hash_are_read_and_the_next_call_gives_them_one(room):
    withdraw(room, "a")
    mute(room, "ann", ["sport"])
    for name, content in (("live", b"1"), ("mutes", b"")):
        (room.notes / name).write_bytes(content)
    assert Journal(room).last() == 1 and verify_journal(room) == []
    withdraw(room, "b")
    assert (room.notes / "live").read_bytes().startswith(b"2\n")
    shutil.rmtree(room.mutes.parent)
    with pytest.raises(ContractError, match=r"mutes\.arrow: missing"):
        open_mutes(room.mutes)()


def test_a_corpus_of_an_earlier_version_is_sealed_or_refused_if_an_article_is_not_its_content_hashes(room, tmp_path):
    from tests.tables.test_seal import unsealed

    table = read_table(room.news, NEWS)
    unsealed(room.news, table.replace_schema_metadata(NEWS.metadata))
    content = room.news.read_bytes()
    absorb(room)
    assert b"file-sha256:" in room.news.read_bytes() and read_table(room.news, NEWS).equals(table)
    room.news.write_bytes(content.replace(b"Title b", b"Titlf b"))
    with pytest.raises(ContractError, match=r"news\.arrow: 1 articles, such as 'b', do not have the content"):
        absorb(room)


def test_what_an_earlier_version_withdrew_still_counts(room):
    write_table(room.withdrawn, WITHDRAWN.empty_table(), WITHDRAWN)
    assert read_withdrawn(room) == {}

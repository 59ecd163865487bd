"""A running pipeline whose newsroom was moved, lost files or went back in time: an error, never a page without them."""

import shutil

import pytest

from broadsheet.errors import ContractError, NewsroomError
from broadsheet.importers.absorb_journal import absorb
from broadsheet.live.articles import known_ids, withdraw_articles
from broadsheet.newsroom.journal import Journal, read_withdrawn
from broadsheet.pipeline import Pipeline
from broadsheet.readers.mutes import mute
from tests.support.late_articles import everything, ids


def test_a_later_change_of_the_folder_loses_neither_withdrawals_nor_mutes(room, tmp_path, monkeypatch):
    monkeypatch.chdir(room.path.parent)
    pipeline = Pipeline.open(room.path.name)
    monkeypatch.chdir("/")
    withdraw_articles(room, ["N18"], dict)
    mute(room, "fan", sources=["Paper 3"])
    page = everything(pipeline, "fan")
    assert "N18" not in ids(page) and "Paper 3" not in page.stories["source"].to_pylist() and len(page.stories) > 20


def test_a_newsroom_that_was_moved_away_is_an_error_of_the_next_request(room, opened, tmp_path):
    assert ids(opened.run("fan", 3))
    room.path.rename(tmp_path / "elsewhere")
    with pytest.raises(NewsroomError, match="no newsroom here"):
        opened.run("fan", 3)


def test_a_journal_that_was_lost_is_an_error_of_the_next_request(room, opened):
    opened.withdraw(["N18"])
    shutil.rmtree(room.live)
    with pytest.raises(NewsroomError, match=r"live: missing, though 1 calls"):
        opened.run("fan", 3)
    with pytest.raises(NewsroomError, match=r"live: missing, though 1 calls"):
        Pipeline.open(room.path)


def test_mutes_that_were_lost_are_an_error_of_the_next_request(room, opened):
    mute(room, "fan", ["sports"])
    assert ids(opened.run("fan", 3))
    room.mutes.unlink()
    with pytest.raises(ContractError, match=r"mutes\.arrow: missing"):
        opened.run("fan", 3)


def test_a_newsroom_that_was_replaced_by_an_older_copy_is_to_be_opened_again(room, opened, tmp_path):
    older = shutil.copytree(room.path, tmp_path / "older", symlinks=True)
    opened.withdraw(["N18"])
    shutil.rmtree(room.path)
    older.rename(room.path)
    room.live.mkdir()
    with pytest.raises(NewsroomError, match=r"it ends at entry 0, and this process has applied entry 1"):
        opened.run("fan", 3)


def test_an_older_copy_of_the_journal_is_an_error_of_new_processes_and_builds_until_the_calls_are_made_again(
    room, opened, caplog, tmp_path
):
    opened.withdraw(["N18"])
    older = shutil.copytree(room.live, tmp_path / "older")
    opened.withdraw(["N21"])
    opened.withdraw(["N24"])
    shutil.rmtree(room.live)
    older.rename(room.live)
    assert not {"N18", "N21", "N24"} & set(ids(everything(opened)))  # it applied them before
    for look in (lambda: Pipeline.open(room.path), lambda: absorb(room)):
        with pytest.raises(NewsroomError, match=r"live: entries 2 to 3 are missing, and no edition holds"):
            look()
    withdraw_articles(room, ["N21", "N24"], lambda: known_ids(room))
    assert not {"N18", "N21", "N24"} & set(ids(everything(Pipeline.open(room.path))))
    absorb(room)
    assert set(read_withdrawn(room)) == {"N18", "N21", "N24"}
    (said,) = {record.getMessage() for record in caplog.records if "are missing" in record.getMessage()}
    assert "live: 2 entries are missing, such as entry 2, and no edition holds" in said


def test_entries_that_a_newer_edition_holds_are_not_missed(room, caplog):
    withdraw_articles(room, ["N18"], dict)
    absorb(room)
    for entry in Journal(room).entries():
        entry.path.unlink()
    assert "N18" not in ids(everything(Pipeline.open(room.path)))
    assert not [record for record in caplog.records if "are missing" in record.getMessage()]


def test_a_withdrawal_counts_after_the_last_entry_was_deleted_as_damaged(room, opened):
    opened.withdraw(["N18"])
    (room.live / "000000000001-withdraw.arrow").unlink()
    withdraw_articles(room, ["N19"], dict)
    assert not {"N18", "N19"} & set(ids(everything(opened)))

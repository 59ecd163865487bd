"""What `broadsheet verify` finds beside the edition: damage of the corpus, of the journal and of what readers chose."""

import pytest

from broadsheet.newsroom.journal import Journal
from broadsheet.nightly.verify import verify_journal, verify_newsroom
from broadsheet.readers.profiles import set_profile
from tests.newsroom.test_journal import withdrawn


@pytest.mark.parametrize("name", ["corpus/news.arrow", "corpus/users.arrow", "readers/profiles.arrow"])
def test_verify_names_damage_of_the_corpus_and_of_what_readers_chose(command, copy, name):
    set_profile(copy, "fan", "ocean")
    path = copy.path / name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    code, out, err = command("verify", copy.path)
    assert code == 1 and out == "" and f"\n{path}: not a whole Arrow IPC file" in f"\n{err}"


def test_verify_names_tables_that_are_missing(copy):
    assert verify_newsroom(copy) == []
    set_profile(copy, "fan", "ocean")
    copy.clicks.unlink()
    copy.profiles.unlink()
    clicks, profiles = verify_newsroom(copy)
    assert clicks.startswith(f"{copy.clicks}: no such file")
    assert profiles.startswith(f"{copy.profiles}: missing, though readers' choices were written to it")


def test_an_entry_that_comes_while_verify_looks_is_no_stranger(copy, monkeypatch):
    Journal(copy).withdraw(withdrawn("N1"))
    entries, listed = Journal.entries, []

    def entries_then_another(journal, after=0):
        found = entries(journal, after)
        listed.append(found)
        if len(listed) == 3:  # after the list that verify compares with the names in the folder
            Journal(copy).withdraw(withdrawn("N2"))
        return found

    monkeypatch.setattr(Journal, "entries", entries_then_another)
    assert verify_journal(copy) == [] and len(list(copy.live.glob("*.arrow"))) == 2

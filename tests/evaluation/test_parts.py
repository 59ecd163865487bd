from datetime import timedelta

import pytest

from broadsheet.errors import CorpusError, InputError
from broadsheet.evaluation.parts import split_by_time
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS
from tests.support.evaluated import SHOWN_AT, make_room, row


@pytest.fixture
def room(tmp_path, encoder):
    rows = [row(n, ["N0", "N1"], [True, False]) | {"time": SHOWN_AT + timedelta(hours=n)} for n in range(4)]
    return make_room(tmp_path / "room", encoder, impressions=rows, adapter=False)


def ids(room, split):
    return read_table(room.impressions(split), IMPRESSIONS).column("impression_id").to_pylist()


def test_a_split_is_cut_at_a_moment_and_no_impression_is_in_both_parts(room):
    moment = SHOWN_AT + timedelta(hours=2)
    assert split_by_time(room, "valid", moment, "late") == {"valid": 2, "late": 2}
    assert (ids(room, "valid"), ids(room, "late")) == (["0", "1"], ["2", "3"])


def test_a_cut_that_was_interrupted_is_ended_by_another_run(room):
    before = room.impressions("valid").read_bytes()
    split_by_time(room, "valid", SHOWN_AT + timedelta(hours=3), "late")
    room.impressions("valid").write_bytes(before)  # as if the process had ended between its two files
    assert split_by_time(room, "valid", SHOWN_AT + timedelta(hours=3), "late") == {"valid": 3, "late": 1}
    assert ids(room, "valid") == ["0", "1", "2"]


def test_what_cannot_be_cut_is_an_error_and_changes_nothing(room):
    with pytest.raises(InputError, match="split 'valid' would be empty; expected a moment between 2024-05-02 16:00"):
        split_by_time(room, "valid", SHOWN_AT, "late")
    with pytest.raises(InputError, match="split 'late' would be empty"):
        split_by_time(room, "valid", SHOWN_AT + timedelta(hours=9), "late")
    with pytest.raises(CorpusError, match=r"impressions-gone.arrow: no such split"):
        split_by_time(room, "gone", SHOWN_AT, "late")
    split_by_time(room, "valid", SHOWN_AT + timedelta(hours=3), "late")
    with pytest.raises(InputError, match=r"impressions-late.arrow: found other impressions there"):
        split_by_time(room, "valid", SHOWN_AT + timedelta(hours=1), "late")
    assert (ids(room, "valid"), ids(room, "late")) == (["0", "1", "2"], ["3"])

import logging

from broadsheet.live import wanted
from broadsheet.live.wanted import Wanted, forget_wanted, read_wanted


def test_an_article_is_noted_once_by_a_process_and_read_once_whoever_noted_it(room):
    notes = Wanted(room, "e1")
    notes.note(["N1", "N2", "N1"])
    notes.note(["N2", "N3"])
    Wanted(room, "e2").note(["N3", "N4"])
    assert (room.late_texts.parent / "wanted-e1.txt").read_text() == "N1\nN2\nN3\n"
    assert read_wanted(room) == (["N1", "N2", "N3", "N4"], False)
    forget_wanted(room, "e2")
    assert read_wanted(room).news_ids == ["N3", "N4"]


def test_a_line_that_was_cut_off_costs_itself_and_the_line_after_it(room):
    Wanted(room, "e1").note(["N1"])
    path = room.late_texts.parent / "wanted-e1.txt"
    with path.open("ab") as file:
        file.write(b"\xff\xfe\nN")
    assert read_wanted(room).news_ids == ["N1", "\ufffd\ufffd"]
    Wanted(room, "e1").note(["N2", "N3"])
    assert read_wanted(room).news_ids == ["N1", "\ufffd\ufffd", "NN2", "N3"]


def test_notes_are_bounded_and_a_full_file_is_said(room, monkeypatch):
    monkeypatch.setattr(wanted, "MOST_BYTES", 12)
    for number in range(9):
        Wanted(room, "e1").note([f"N{number}"])
    found = read_wanted(room)
    assert found.is_full and found.news_ids == [f"N{number}" for number in range(4)]
    monkeypatch.setattr(wanted, "MOST_IDS", 2)
    notes = Wanted(room, "e2")
    for number in range(9):
        notes.note([f"M{number}"])
    assert (room.late_texts.parent / "wanted-e2.txt").read_text() == "M0\nM1\n"


def test_a_request_that_cannot_write_notes_goes_on_and_the_log_says_so_once(room, caplog):
    room.late_texts.parent.write_text("a file in the folder's place")
    notes = Wanted(room, "e1")
    with caplog.at_level(logging.WARNING):
        notes.note(["N1"])
        notes.note(["N2"])
    (record,) = caplog.records
    assert "texts that pages want are not noted" in record.getMessage()


def test_a_planted_link_is_neither_written_nor_read(room, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("N7\n")
    room.late_texts.parent.mkdir()
    (room.late_texts.parent / "wanted-e1.txt").symlink_to(victim)
    Wanted(room, "e1").note(["N1"])
    assert victim.read_text() == "N7\n" and read_wanted(room).news_ids == []

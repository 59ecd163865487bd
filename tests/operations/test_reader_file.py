"""A reader's file: all that is held of the reader, and the same page once it was taken into another newsroom."""

import shutil
from datetime import timedelta

import pytest

from broadsheet.errors import CorpusError, InputError
from broadsheet.importers.transaction import Import
from broadsheet.live.muting import mute
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.operations.reader_file import export_reader, history_in, read_reader
from broadsheet.operations.reader_import import import_reader
from broadsheet.pipeline import Pipeline
from broadsheet.readers.forget import forget
from broadsheet.readers.profiles import set_profile
from tests.support.late_articles import ids
from tests.support.tiny import START, make_newsroom

READER = "reader with 'marks' & ümlauts"
LATER = START + timedelta(hours=60)


def clicks(user_id, numbers, **more):
    return [
        {"user_id": user_id, "news_id": f"N{number}", "time": START + timedelta(hours=57, minutes=number), **more}
        for number in numbers
    ]


def act(kind, number, **fields):
    return {"event_id": f"act-{number}", "kind": kind, "user_id": READER, "time": LATER, **fields}


@pytest.fixture(scope="module")
def rooms(tmp_path_factory, encoder):
    """A newsroom that knows the reader, with events that a build has carried and events that none has; and another."""
    folder = tmp_path_factory.mktemp("rooms")
    without = make_newsroom(folder / "without", encoder)
    with Import(without) as add:
        add.clicks([*clicks("a", [0, 12, 15]), *clicks("b", [3, 15, 18])])
    room = Newsroom(shutil.copytree(without.path, folder / "with", symlinks=True))
    with Import(room) as add:
        add.users([{"user_id": READER, "history": ["N0", "N12", "N3"], "profile": "cup", "hidden": ["N9"]}])
        add.clicks(clicks(READER, [15, 24], dwell_seconds=31.7, scroll=0.3, region="Köln"))
        shown = {"impression_id": "7", "user_id": READER, "time": START + timedelta(hours=58)}
        add.impressions("train", [shown | {"history": ["N0"], "shown": ["N27", "N30"], "clicked": [True, False]}])
    mute(room, READER, sources=["Paper 1"])
    set_profile(room, READER, "the football match")
    build(room, ["fan"])
    log = Pipeline.open(room).log
    log([act("page", 0, page_id="p", shown=["N33", "N36"]), act("click", 1, page_id="p", slot=1)])
    log([act("follow", 2, field="category", value="science"), act("dislike", 5, news_id="N39")])
    build(room, ["fan"])
    assert log([act("save", 3, news_id="N6"), act("hide", 4, news_id="N42")]).new == 2
    return room, without


def test_a_file_holds_every_row_and_event_of_the_reader_and_of_nobody_else(rooms, tmp_path):
    room, _ = rooms
    line = export_reader(room, READER, tmp_path / "reader.jsonl")
    user_id, lines = read_reader(tmp_path / "reader.jsonl")
    assert user_id == READER and line.endswith(f": {len(lines)} rows on a reader")
    tables = [one["table"] for one in lines]
    assert {name: tables.count(name) for name in tables} == {
        **{"users": 1, "clicks": 4, "impressions": 2, "mutes": 1, "follows": 1, "profiles": 1, "events": 6},
    }
    first = next(one["row"] for one in lines if one["table"] == "clicks")
    assert first["dwell_seconds"] == pytest.approx(31.7) and (first["scroll"], first["region"]) == (
        pytest.approx(0.3),
        "Köln",
    )
    events = [(one["row"]["kind"], one["in_corpus"]) for one in lines if one["table"] == "events"]
    assert events == [
        *(("page", True), ("click", True), ("follow", True), ("dislike", True)),
        *(("save", False), ("hide", False)),
    ]
    assert {one["row"]["user_id"] for one in lines} == {READER}
    assert history_in(tmp_path / "reader.jsonl") == ["N15", "N24", "N33", "N39"]  # its longest list


def test_a_file_taken_into_another_newsroom_gives_the_same_page(rooms, tmp_path):
    room, without = (Newsroom(shutil.copytree(one.path, tmp_path / one.path.name, symlinks=True)) for one in rooms)
    export_reader(room, READER, tmp_path / "reader.jsonl")
    report = import_reader(without, tmp_path / "reader.jsonl")
    assert (
        not report.corpus.skipped
        and report.events.refused.total() == 0
        and report.events.new == 2
        and report.choices == 3
    )
    assert "own words and choices: 3" in str(report)
    for one in (room, without):
        build(one, [READER])
    pages = [Pipeline.open(one).run(READER, 20) for one in (room, without)]
    assert len(ids(pages[0])) > 5 and ids(pages[0]) == ids(pages[1])
    assert pages[0].stories.drop_columns([]).equals(pages[1].stories)
    export_reader(without, READER, tmp_path / "again.jsonl")
    clicks = [
        [one["row"] for one in read_reader(tmp_path / name)[1] if one["table"] == "clicks"]
        for name in ("reader.jsonl", "again.jsonl")
    ]
    assert all(click in clicks[1] for click in clicks[0])


def test_a_forgotten_reader_has_an_empty_file_and_an_old_file_brings_nothing_back(rooms, tmp_path):
    room = Newsroom(shutil.copytree(rooms[0].path, tmp_path / "room", symlinks=True))
    export_reader(room, READER, tmp_path / "old.jsonl")
    forget(room, READER)
    export_reader(room, READER, tmp_path / "new.jsonl")
    assert read_reader(tmp_path / "new.jsonl") == (READER, [])
    with pytest.raises(CorpusError, match=r"not one row was taken .* of a reader who was forgotten since"):
        import_reader(room, tmp_path / "old.jsonl")
    assert Pipeline.open(room).run(READER, 3).kind == "new"


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "does not say"),
        ('{"news_id": "N1"}\n', "does not say"),
        ("{", "JSON lines"),
        ('{"broadsheet": "reader", "version": 9, "user_id": "a"}\n', "found version 9, expected 1"),
        ('{"broadsheet": "reader", "version": 1, "user_id": "a"}\n{"table": "users"}\n', "expected a table and a row"),
        ('{"broadsheet": "reader", "version": 1, "user_id": "a"}\n{"row": {}}\n', "expected a table and a row"),
    ],
)
def test_another_file_is_refused_in_a_sentence(rooms, tmp_path, text, said):
    (tmp_path / "other.jsonl").write_text(text, "utf-8")
    with pytest.raises(InputError, match=said):
        import_reader(rooms[1], tmp_path / "other.jsonl")


def test_the_commands_export_import_and_forget_a_reader(rooms, tmp_path, command):
    room, without = (Newsroom(shutil.copytree(one.path, tmp_path / one.path.name, symlinks=True)) for one in rooms)
    code, _, said = command("export", "reader", room.path, READER, "--out", tmp_path / "r.jsonl")
    assert code == 0 and "rows on a reader" in said
    code, out, _ = command("import", "reader", tmp_path / "r.jsonl", "--into", without.path)
    assert code == 0 and "taken: 2 events" in out
    code, out, _ = command("forget", room.path, READER)
    assert code == 0 and "the next build removes the rest" in out and "No trained model" in out
    code, out, _ = command("status", room.path)
    assert code == 0 and "Forgotten readers: 1, of whom 1 waits for the next build." in " ".join(out.split())

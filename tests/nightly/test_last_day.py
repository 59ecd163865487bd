import shutil
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from broadsheet.errors import GateError
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.nightly.last_day import last_day_counts, last_day_fall
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import CLICKS
from tests.support.tiny import make_newsroom

READERS, DAYS = 24, 8


@pytest.fixture(scope="module")
def busy(tmp_path_factory, encoder):
    """A newsroom whose clock is the real time, with an edition; 24 readers clicked on each of the last 8 days."""
    room = make_newsroom(tmp_path_factory.mktemp("busy") / "newsroom", encoder)
    room.config_file.write_text(room.config_file.read_text().replace('clock = "latest"', 'clock = "now"'))
    now = datetime.now(UTC)
    with Import(room) as add:
        add.clicks(
            {"user_id": f"r{reader}", "news_id": f"N{(reader + day) % 60}", "time": now - timedelta(days=day, hours=2)}
            for reader in range(READERS)
            for day in range(DAYS)
        )
    build(room)
    return room


def as_of(room):
    return datetime.fromisoformat(room.current().read_manifest()["as_of"])


def later(room, path, keep):
    """Write the clicks as they would be a day later, with the last day's clicks of the readers `keep` alone."""
    clicks = read_table(room.clicks, CLICKS)
    times = clicks.column("time")
    shifted = pc.subtract(times, pa.scalar(timedelta(days=1))).cast(times.type)
    place = CLICKS.get_field_index("time")
    newest = clicks.filter(
        pc.and_(pc.greater(times, shifted_now(times)), pc.is_in(clicks["user_id"], pa.array(keep, pa.string())))
    )
    write_table(path, pa.concat_tables([clicks.set_column(place, CLICKS.field("time"), shifted), newest]), CLICKS)


def shifted_now(times):
    return pc.subtract(pc.max(times), pa.scalar(timedelta(hours=1))).cast(times.type)


def test_the_manifest_has_the_clicks_and_the_readers_of_the_last_day(busy):
    assert busy.current().read_manifest()["last_day"] == {"clicks": READERS, "readers": READERS}
    assert last_day_counts(busy.clicks, as_of(busy) - timedelta(days=7)) == {"clicks": READERS, "readers": READERS}


def test_an_ordinary_day_is_no_fall_and_a_tenth_of_the_readers_is_a_fall_of_nine_tenths(busy, tmp_path):
    moment, path = as_of(busy), tmp_path / "clicks.arrow"
    assert last_day_fall(busy.clicks, moment, "now", busy.current())[0] == {
        "fewer_clicks_last_day": 0.0, "fewer_readers_last_day": 0.0,
    }  # fmt: skip
    later(busy, path, ["r1", "r2", "r3"])
    figures, note = last_day_fall(path, moment, "now", busy.current())
    assert figures == {"fewer_clicks_last_day": 1 - 3 / 24, "fewer_readers_last_day": 1 - 3 / 24} and note == ""


def test_a_day_without_any_click_is_told(busy, tmp_path):
    later(busy, tmp_path / "clicks.arrow", [])
    figures, note = last_day_fall(tmp_path / "clicks.arrow", as_of(busy), "now", busy.current())
    assert figures["fewer_clicks_last_day"] == 1.0
    assert note.startswith("no click came in the 24 hours before 20")


def test_an_archive_has_no_last_day_to_fall(busy, tmp_path):
    later(busy, tmp_path / "clicks.arrow", [])
    assert last_day_fall(tmp_path / "clicks.arrow", as_of(busy), "latest", busy.current()) == ({}, "")


def test_a_newsroom_that_had_no_clicks_on_a_day_of_the_week_before_is_not_measured(busy, tmp_path):
    moment = as_of(busy) + timedelta(days=30)
    assert last_day_fall(busy.clicks, moment, "now", busy.current())[0]["fewer_clicks_last_day"] == 1.0
    room = Newsroom(shutil.copytree(busy.path, tmp_path / "copy", symlinks=True))
    with_gap = read_table(room.clicks, CLICKS)
    old = pc.less(with_gap["time"], pa.scalar(moment - timedelta(days=32)))
    current = room.current()
    write_table(current.clicks, with_gap.filter(old), CLICKS)
    assert last_day_fall(room.clicks, moment, "now", current) == ({}, "")


def test_in_a_small_newsroom_silence_is_told_and_the_edition_goes_out(busy, tmp_path):
    room = Newsroom(shutil.copytree(busy.path, tmp_path / "copy", symlinks=True))
    current = room.current()
    clicks = read_table(room.clicks, CLICKS)
    few = clicks.filter(pc.is_in(clicks["user_id"], pa.array([f"r{reader}" for reader in range(19)])))
    write_table(current.clicks, few, CLICKS)
    later(room, tmp_path / "clicks.arrow", [])
    figures, note = last_day_fall(tmp_path / "clicks.arrow", as_of(room), "now", current)
    assert figures == {} and note.startswith("no click came")


def test_an_edition_after_a_day_with_a_tenth_of_the_clicks_is_kept_and_the_next_night_too_until_clicks_come(
    busy, tmp_path
):
    room = Newsroom(shutil.copytree(busy.path, tmp_path / "copy", symlinks=True))
    current, whole = room.current(), room.clicks.read_bytes()
    later(room, room.clicks, ["r1", "r2"])
    for _ in range(2):
        with pytest.raises(GateError) as caught:
            build(room, ["r1"])
        assert room.current() == current
        assert (
            "the last day had 91.7% fewer clicks than the quietest of the 7 days before the current edition, "
            "expected at most 0.8" in str(caught.value)
        )
    room.clicks.unlink()
    room.clicks.write_bytes(whole)
    assert build(room, ["r1"]) == room.current() != current


def test_an_edition_with_a_tenth_of_the_readers_is_kept_and_not_published(busy, tmp_path):
    room = Newsroom(shutil.copytree(busy.path, tmp_path / "copy", symlinks=True))
    current, lines = room.current(), []
    clicks = read_table(room.clicks, CLICKS)
    # The readers' ids are lost for all but two of the readers: their clicks count for the reader r0.
    names = ["r1" if name == "r1" else "r0" for name in clicks["user_id"].to_pylist()]
    write_table(
        room.clicks, clicks.set_column(CLICKS.get_field_index("user_id"), CLICKS.field("user_id"), [names]), CLICKS
    )
    with pytest.raises(GateError, match=r"it has 88\.0% fewer readers than the current edition, expected at most 0\.5"):
        build(room, "active", lines.append)
    assert room.current() == current and len(room.editions()) == 2


def test_four_readers_of_whom_one_stays_are_no_collapse(newsroom):
    with Import(newsroom) as add:
        add.clicks({"user_id": f"r{n}", "news_id": "N1", "time": f"2026-01-0{n + 1}T10:00Z"} for n in range(4))
    newsroom.config_file.write_text("active_days = 3.5\n" + newsroom.config_file.read_text())
    first = build(newsroom)
    assert first.read_manifest()["counts"]["users"] == 5  # one more told interests
    with Import(newsroom) as add:
        add.clicks([{"user_id": "r3", "news_id": "N2", "time": "2026-01-20T10:00Z"}])
    after = build(newsroom)
    assert after == newsroom.current() != first and after.read_manifest()["counts"]["users"] == 2

"""Times from outside, each read as the moment that its writer meant, or refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.tables.times import TimeReader
from broadsheet.tables.values import SkipRow

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(timezone(timedelta(hours=5))),
        "2026-01-02T12:00:00Z",
        "2026-01-02 12:00",
        "2026-01-02T14:00:00+02:00",
        1767355200,
        "1767355200",
        1767355200.0,
        1767355200000,
        "1767355200000",
        " 1.7673552e9 ",
        1767355200000000,
        1767355200000000000,
        Decimal(1767355200),
        202601021200,
        "20260102120000",
        {"$date": "2026-01-02T12:00:00Z"},
        {"$date": {"$numberLong": "1767355200000"}},
        "2026-01-02 12:00:00 UTC",
        "2026-01-02T14:00:00 +02:00",
        "2026-01-02T14:00:00+0200",
        "2026-01-02T13:00:00+01:00[Europe/Berlin]",
        "2026-1-2 12:00",
        "2026/01/02 12:00:00",
        "2026.1.2 12:00",
        "02.01.2026 12:00",
        "2.1.2026, 12:00:00",
        "02.01.2026 14:00:00 +02:00",
        "20260102T120000Z",
        "2026-W01-5T12",
        "2026-01-02-12:00:00",
        "2026-01-02T12:00Z[UTC]",
        "2026-01-02T11:59:60Z",
        "Fri, 02 Jan 2026 12:00:00 GMT",
        "Fri, 02 Jan 2026 14:00:00 +0200",
        "Fri, 2 Jan 2026 07:00:00 EST",
        "Fri Jan  2 12:00:00 2026",
    ],
)
def test_a_time_is_read_in_each_of_its_forms(value):
    assert TimeReader()(value) == NOON
    assert TimeReader()(value).tzinfo == UTC


@pytest.mark.parametrize("text", ["2026-1-2 9:05", "2026/1/2 9:05:00", "2.1.2026 9:05", "2.1.2026, 09:05"])
def test_hours_and_days_of_one_digit_are_read(text):
    assert TimeReader()(text) == datetime(2026, 1, 2, 9, 5, tzinfo=UTC)


def test_a_day_is_its_midnight_and_eight_digits_are_a_day():
    midnight = datetime(2026, 1, 2, tzinfo=UTC)
    assert TimeReader()(date(2026, 1, 2)) == TimeReader()("2026-01-02") == TimeReader()("20260102") == midnight


@pytest.mark.parametrize(
    "value",
    [
        *(
            "soon",
            "2026-13-01",
            "29/03/2026",
            "29.13.2026 10:00",
            "1.2.26",
            "2026-01/02",
            "2026-01-02 12:00 CET",
            "Fri, 02 Jan 2026 12:00:00 CET",
            "2026",
            "202601",
        ),
        *("02.01.2026 10.05", "2026-01-02 10.05", "2026-01-02T10,5", "2026-01-02 10:05.5", "02.01.2026 232+02:00"),
        *("2026-01-02+02:00", "2026-01-02 -05:00", "2026-01-02T12:00[Europe/Berlin]", "2026-01-02[Europe/Berlin]"),
        *("\uff12\uff10\uff12\uff16-01-02", "0001-01-01T00:00:00+23:00", "2026-01-02T25:00", "46110.41", "0", "-1"),
        *(True, [1], float("inf"), 1e300, "9" * 400, -1e13, 10**4000, 0, 2026, 46110.41, {"$oid": "1"}, b"2026"),
    ],
)
def test_anything_else_is_an_unreadable_time(value):
    with pytest.raises(SkipRow, match="unreadable time"):
        TimeReader()(value)


@pytest.mark.parametrize(
    "value", [None, "", "  ", "NaN", "nan", "NaT", "NULL", "None", "\\N", float("nan"), Decimal("NaN")]
)
def test_what_stands_for_no_value_is_no_time_and_a_required_time_is_refused(value):
    assert TimeReader()(value) is None
    with pytest.raises(SkipRow, match="no time"):
        TimeReader().required(value)


@pytest.mark.parametrize("text", ["2026-01-02Z", "2026-01-02 UTC", "02.01.2026 GMT", "2026/1/2 00:00Z"])
def test_a_day_in_utc_is_the_midnight_of_utc_whatever_the_readers_zone_is(text):
    assert TimeReader(ZoneInfo("America/New_York"))(text) == datetime(2026, 1, 2, tzinfo=UTC)


def test_midnight_at_the_end_of_a_day_is_the_next_day():
    assert TimeReader()("2026-01-01T24:00:00Z") == datetime(2026, 1, 2, tzinfo=UTC)


def test_a_time_without_a_zone_is_of_the_readers_zone_and_only_times_of_day_are_counted():
    read = TimeReader(ZoneInfo("America/New_York"))
    assert read("2026-01-02 07:00") == read(datetime(2026, 1, 2, 7)) == NOON and read("2026-01-02T12:00Z") == NOON
    assert read("2026-01-02") == read(date(2026, 1, 2)) == read("20260102") == NOON - timedelta(hours=7)
    assert read.without_zone == 2


def test_an_unreadable_time_is_told_with_what_is_accepted():
    with pytest.raises(SkipRow, match="unreadable time") as caught:
        TimeReader()("29/03/2026 10:00")
    assert caught.value.example.startswith("found '29/03/2026 10:00'; expected ISO 8601 such as 2026-03-29T10:00:00Z,")


@given(st.datetimes(datetime(1974, 1, 1), datetime(2199, 1, 1)), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_a_number_since_1970_is_read_in_its_unit_from_1974_on(moment, per_second):
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    number = int(moment.timestamp()) * per_second
    assert TimeReader()(number) == TimeReader()(str(number)) == moment


@given(st.text(max_size=30) | st.integers() | st.floats() | st.text("0123456789-:TZ+. ", max_size=30))
def test_any_value_is_a_time_in_utc_or_none_or_refused(value):
    try:
        time = TimeReader()(value)
    except SkipRow as reason:
        assert reason.example
    else:
        assert time is None or (time.tzinfo is UTC and 1900 <= time.year < 2200)

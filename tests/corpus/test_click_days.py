from datetime import UTC, datetime

import pyarrow as pa

from broadsheet.corpus.click_days import count_click_days, read_click_days
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.schemas import CLICKS

AS_OF = datetime(2026, 3, 5, 3, tzinfo=UTC)


def clicks(*rows):
    """A clicks table of (reader, time, event)."""
    made = [
        {"user_id": user, "news_id": f"N{number}", "time": time, "event": event, "dwell_seconds": None, "scroll": None}
        for number, (user, time, event) in enumerate(rows)
    ]
    return pa.Table.from_pylist([{name: row.get(name) for name in CLICKS.names} for row in made], CLICKS)


TABLE = clicks(
    ("a", datetime(2026, 3, 5, 2, 59, tzinfo=UTC), "click"),
    ("a", datetime(2026, 3, 4, 3, tzinfo=UTC), "like"),  # exactly 24 hours before: still of the last day
    ("b", datetime(2026, 3, 4, 2, tzinfo=UTC), "click"),
    ("b", datetime(2026, 3, 5, 3, tzinfo=UTC), "click"),  # at the moment itself, and later: of no day
    ("b", datetime(2026, 3, 6, tzinfo=UTC), "click"),
    ("c", datetime(2026, 3, 5, tzinfo=UTC), "hide"),  # to hide an article is not to read it
    ("c", datetime(2026, 3, 1, tzinfo=UTC), "click"),  # before the days asked for
)


def test_the_clicks_of_each_day_and_the_readers_who_clicked_are_counted_newest_first():
    found = count_click_days(TABLE, AS_OF, 3)
    assert found.clicks.tolist() == [2, 1, 0] and found.readers.tolist() == [1, 1, 0]


def test_a_log_without_a_click_and_a_missing_log_have_days_without_clicks(tmp_path):
    assert count_click_days(CLICKS.empty_table(), AS_OF, 2).readers.tolist() == [0, 0]
    assert read_click_days(tmp_path / "clicks.arrow", AS_OF, 2).clicks.tolist() == [0, 0]
    write_table(tmp_path / "clicks.arrow", TABLE, CLICKS)
    assert read_click_days(tmp_path / "clicks.arrow", AS_OF, 2).clicks.tolist() == [2, 1]

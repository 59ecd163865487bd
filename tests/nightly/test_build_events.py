"""A build and the event store: what it keeps of the store's address, and what it does without the store."""

import pytest

from broadsheet.errors import NewsroomError
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.nightly.build import build


def test_the_manifest_does_not_hold_the_password_of_the_event_store(newsroom, monkeypatch):
    for module in ("live.events.store", "nightly.build"):  # no such server is there: the newsroom keeps the events
        monkeypatch.setattr(f"broadsheet.{module}.open_events", lambda room, _: SqliteEvents(room))
    settings = newsroom.config_file.read_text()
    newsroom.config_file.write_text('events = "postgresql://ann:s3cr3t@host/news"\n' + settings)
    edition = build(newsroom, ["fan"])
    assert edition.read_manifest()["config"]["events"] == "postgresql:…@host/news"
    assert not [path for path in edition.path.iterdir() if b"s3cr3t" in path.read_bytes()]


def test_a_build_without_its_event_store_publishes_nothing_and_says_so(newsroom):
    build(newsroom, ["fan"])
    settings, before = newsroom.config_file.read_text(), newsroom.current()
    newsroom.config_file.write_text('events = "postgresql://ann:s3cr3t@127.0.0.1:1/news"\n' + settings)
    with pytest.raises(NewsroomError, match="the event store failed") as raised:
        build(newsroom, ["fan"])
    assert "s3cr3t" not in str(raised.value) and newsroom.current() == before

"""What `broadsheet verify` finds in the events of readers: in the store, and in the archive."""

from broadsheet.errors import BroadsheetError
from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.event_schemas import EVENTS


def verify_events(newsroom: Newsroom) -> list[str]:
    """Return a problem for each damage of the event store and of the archive's files; empty if all is sound."""
    try:
        store = open_events(newsroom, newsroom.config())
    except BroadsheetError as error:
        return [str(error)]
    problems = store.problems()
    store.close()
    for path in sorted(newsroom.events.glob("*.arrow")):
        try:
            read_table(path, EVENTS)
        except BroadsheetError as error:
            problems.append(str(error))
    return problems

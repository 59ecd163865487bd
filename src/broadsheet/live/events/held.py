"""Which events are in the tables of a corpus already: the number of the last event, which such a table bears."""

from pathlib import Path

import pyarrow as pa

from broadsheet.errors import ContractError
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_stamp
from broadsheet.tables.event_schemas import HELD


def held_events(table: Path) -> int:
    """Return the number of the last event in a table clicks or impressions; 0 without an event, or a table."""
    return int(read_stamp(table).get(HELD, 0)) if table.is_file() else 0


def held_by_corpus(newsroom: Newsroom) -> int:
    """Return the number of the last event that a build carried into the corpus; 0 before the first.

    Costs a look at the end of the file of clicks, whose content is not checked. Raises ContractError if it cannot be
    read.
    """
    if not newsroom.clicks.is_file():
        return 0
    try:
        with pa.memory_map(str(newsroom.clicks)) as file:
            stamps = pa.ipc.open_file(file).schema.metadata or {}
        return int(stamps.get(HELD.encode(), 0))
    except (ValueError, OSError, NotImplementedError) as error:
        raise ContractError(
            f"{newsroom.clicks}: not a whole Arrow IPC file ({error}), so that the number of the next event is not "
            "known. Restore it from a copy, or import the clicks again."
        ) from error

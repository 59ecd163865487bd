"""Parts of a newsroom's impressions by time: the later part chooses what the earlier part trains."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.impressions import require_splits
from broadsheet.errors import InputError
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import IMPRESSIONS


def split_by_time(newsroom: Newsroom, split: str, moment: datetime, later: str) -> dict[str, int]:
    """Move the impressions of a split from `moment` (UTC) on into a new split `later`; return how many each has.

    No impression is in both, since counters read the impressions of all splits. Run again after an interruption, it
    ends what it began. Raises CorpusError if the split was not imported, InputError if `later` holds other impressions
    already, or if the moment leaves a part empty.
    """
    require_splits(newsroom, split)
    path, target = newsroom.impressions(split), newsroom.impressions(later)
    with newsroom.lock():
        table = read_table(path, IMPRESSIONS)
        after = pc.greater_equal(table.column("time"), pa.scalar(moment, table.schema.field("time").type))
        parts = {split: table.filter(pc.invert(after)), later: table.filter(after)}
        if empty := [name for name, part in parts.items() if not len(part)]:
            span = pc.min_max(table.column("time")).as_py()
            raise InputError(
                f"{moment:%Y-%m-%d %H:%M}: split {empty[0]!r} would be empty; expected a moment between "
                f"{span['min']:%Y-%m-%d %H:%M} and {span['max']:%Y-%m-%d %H:%M}, the times of {path}."
            )
        if target.is_file() and not read_table(target, IMPRESSIONS).equals(parts[later]):
            raise InputError(f"{target}: found other impressions there. Name a split that does not exist yet.")
        write_table(target, parts[later], IMPRESSIONS)
        write_table(path, parts[split], IMPRESSIONS)
    return {name: len(part) for name, part in parts.items()}

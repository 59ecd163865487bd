"""The newsrooms of the measurement: copies of a newsroom that differ in their impressions and their models."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa

from broadsheet.errors import CorpusError
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrays import Integers
from broadsheet.tables.arrow_files import epoch_seconds, read_table, write_table
from broadsheet.tables.files import link_or_copy, remove_folder
from broadsheet.tables.schemas import IMPRESSIONS

DAY = 86400.0


@dataclass(frozen=True)
class Days:
    """The impressions of all splits of a newsroom, oldest first, with the day of each."""

    table: pa.Table
    "Table impressions."
    day: Integers
    "The day of each impression, 0 for the 24 hours from the first impression on, (impressions,)."

    @property
    def count(self) -> int:
        """The number of days."""
        return int(self.day[-1]) + 1

    def before(self, day: int) -> pa.Table:
        """Return the impressions before a day."""
        return self.table.slice(0, int((self.day < day).sum()))

    def since(self, day: int) -> pa.Table:
        """Return the impressions of a day and of all later days."""
        return self.table.slice(int((self.day < day).sum()))


def read_days(newsroom: Newsroom, share: float) -> Days:
    """Return the labelled impressions of a share of the readers, drawn by their ids; all with share 1.

    Raises CorpusError if there are fewer than three days.
    """
    tables = [read_table(path, IMPRESSIONS) for path in newsroom.all_impressions()]
    table = pa.concat_tables([IMPRESSIONS.empty_table(), *tables])
    drawn = [int(sha256(user.encode()).hexdigest()[:8], 16) < share * 2**32 for user in table["user_id"].to_pylist()]
    table = table.filter(pa.array(drawn, pa.bool_())).sort_by("time")
    times = epoch_seconds(table["time"])
    day = ((times - times.min(initial=np.inf)) // DAY).astype(np.int64)
    if len(np.unique(day)) < 3:
        raise CorpusError(
            f"{newsroom.path}: found impressions of {len(np.unique(day))} days, expected 3 or more. Import more days, "
            "or raise --share."
        )
    return Days(table, day)


def copy_room(source: Newsroom, path: Path) -> Newsroom:
    """Return a newsroom with the articles, clicks and vectors of another newsroom, without impressions and models."""
    remove_folder(path)
    room = Newsroom(path)
    room.news.parent.mkdir(parents=True)
    shutil.copyfile(source.config_file, room.config_file)
    for name in ("news", "users", "clicks"):
        file: Path = getattr(source, name)
        if file.is_file():
            link_or_copy(file, getattr(room, name))
    shutil.copytree(source.building.path, room.building.path, copy_function=_link)
    return room


def _link(source: str, target: str) -> None:
    link_or_copy(Path(source), Path(target))


def set_splits(room: Newsroom, splits: Mapping[str, pa.Table]) -> None:
    """Make these the impressions of a newsroom, in place of all that it had."""
    for path in room.all_impressions():
        path.unlink()
    for name, table in splits.items():
        write_table(room.impressions(name), table, IMPRESSIONS)

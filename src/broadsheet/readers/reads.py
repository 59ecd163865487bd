"""What is known of each read of a history: how long ago it was, how long it took, how far it went, and by what acts."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.click_log import READING
from broadsheet.tables.arrays import Floats, Integers, Vectors
from broadsheet.tables.arrow_files import epoch_seconds
from broadsheet.tables.kept import READ
from broadsheet.tables.schemas import USERS

Values = TypeVar("Values", Vectors, Integers)
READS = tuple(field.name for field in READ)
"""What is known of a read, in the order of the arrays here and of column `reads` of table users."""
CODES = {kind: 1 << place for place, kind in enumerate(READING)}
"""The code of each act of reading; what a reader did with an article is the sum of the codes of these acts."""
LONGEST_SECONDS = 1800.0
"""How far a reader scrolled counts this long after the click if nobody knows how long the read took."""


class _Events(NamedTuple):
    keys: Integers
    "Reader and article as one number, never falling; events of one number are in order of time."
    times: Floats
    "Epoch seconds."
    ends: Floats
    "When the read had ended, so that its length and its depth are known; epoch seconds."
    values: Vectors
    "Seconds and scroll, NaN where unknown, (events, 2)."
    codes: Integers
    "The code of the act; see CODES."


class ReadLog:
    """The reads of a clicks table, looked up by reader and article as of a moment."""

    def __init__(self, clicks: pa.Table) -> None:
        """Take a clicks table; events that do not mean reading, such as hiding, are left out."""
        clicks = clicks.filter(pc.is_in(clicks.column("event"), value_set=pa.array(READING)))
        (self._users, users), (self._articles, articles) = (_numbered(clicks.column(n)) for n in ("user_id", "news_id"))
        keys, times = users * max(len(self._articles), 1) + articles, epoch_seconds(clicks.column("time"))
        columns = (clicks.column(name) for name in READS[1:])
        values = np.stack([np.asarray(pc.fill_null(one, np.nan), np.float32) for one in columns], -1)
        order = np.lexsort((times, keys))
        lasted = np.where(np.isfinite(values[:, 0]), values[:, 0], LONGEST_SECONDS)
        kinds = np.asarray(pc.index_in(clicks.column("event"), value_set=pa.array(READING)), np.int64)
        codes = np.int64(1) << kinds
        self._events = _Events(keys[order], times[order], (times + lasted)[order], values[order], codes[order])

    def __call__(
        self, user_ids: Sequence[str], histories: Sequence[Sequence[str]], as_of: Sequence[float]
    ) -> list[Vectors]:
        """Return what is known of each article of each reader's history, (articles, READS), NaN where unknown.

        `as_of` has an epoch second for each reader. The age is that of the last read strictly before it. The seconds
        are those of the longest read, and the scroll that of the deepest, among reads that had ended before it: a read
        of 60 seconds that began 20 seconds ago has an age and nothing else.
        """
        return self.known(user_ids, histories, as_of)[0]

    def known(
        self, user_ids: Sequence[str], histories: Sequence[Sequence[str]], as_of: Sequence[float]
    ) -> tuple[list[Vectors], list[Integers]]:
        """Return what a call does, and the acts on each article of each history strictly before the moment (articles,).

        The acts on an article are the sum of their CODES, 0 without an act.
        """
        lengths = [len(history) for history in histories]
        users = np.repeat([self._users.get(user_id, -1) for user_id in user_ids], lengths).astype(np.int64)
        articles = np.array([self._articles.get(one, -1) for history in histories for one in history], np.int64)
        keys = np.where((users < 0) | (articles < 0), -1, users * max(len(self._articles), 1) + articles)
        found, acts = self._look_up(keys, np.repeat(np.asarray(as_of, np.float64), lengths))
        ends = np.cumsum(lengths)[:-1]
        return (np.split(found, ends), np.split(acts, ends)) if lengths else ([], [])

    def _look_up(self, keys: Integers, as_of: Floats) -> tuple[Vectors, Integers]:
        events, found = self._events, np.full((len(keys), len(READS)), np.nan, np.float32)
        acts = np.zeros(len(keys), np.int64)
        first, place = (np.searchsorted(events.keys, keys, side) for side in ("left", "right"))
        asked = np.flatnonzero(place > first)
        while len(asked):  # once for each event of the article with the most of them, the newest first
            place[asked] -= 1
            now, event = as_of[asked], place[asked]
            past, ended = events.times[event] < now, events.ends[event] < now
            ages = np.where(past, now - events.times[event], np.nan)
            found[asked, 0] = np.fmin(found[asked, 0], ages)
            found[asked, 1:] = np.fmax(found[asked, 1:], np.where(ended[:, None], events.values[event], np.nan))
            acts[asked] |= np.where(past, events.codes[event], 0)
            asked = asked[event > first[asked]]
        return found, acts


def _numbered(names: pa.ChunkedArray) -> tuple[dict[str, int], Integers]:
    """Return a number for each name, and the numbers of the names in their order."""
    coded = names.dictionary_encode().unify_dictionaries()  # by chunks: all texts may not fit into one array
    known = coded.chunk(0).dictionary.to_pylist() if coded.num_chunks else []
    numbers = [np.asarray(chunk.indices, np.int64) for chunk in coded.chunks]
    return {name: number for number, name in enumerate(known)}, np.concatenate([np.zeros(0, np.int64), *numbers])


def with_reads(users: pa.Table, reads: Sequence[Vectors], acts: Sequence[Integers]) -> pa.Table:
    """Return a table users with what is known of each reader's history in its columns `reads` and `acts`.

    For each reader the first is (articles, READS), the second (articles,); see ReadLog.
    """
    field, done = USERS.field("reads"), USERS.field("acts")
    flat = np.concatenate([np.zeros((0, len(READS)), np.float32), *reads])
    parts = [pa.array(column, pa.float32(), from_pandas=True) for column in flat.T]
    items = pa.StructArray.from_arrays(parts, fields=list(field.type.value_type))
    offsets = pa.array(np.cumsum([0, *map(len, reads)]), pa.int32())
    column = pa.ListArray.from_arrays(offsets, items, type=field.type)
    codes = pa.array(np.concatenate([np.zeros(0, np.int16), *acts]), pa.int16())
    users = users.set_column(users.column_names.index("reads"), field, column)
    codes = pa.ListArray.from_arrays(offsets, codes, type=done.type)
    return users.set_column(users.column_names.index("acts"), done, codes)


def reads_of(users: pa.Table) -> list[Vectors | None]:
    """Return what a table users knows of each reader's history, (articles, READS), None where column `reads` is null.

    A value that is not known is NaN.
    """
    column = users.column("reads").combine_chunks()
    items = column.flatten()  # of the rows that are not null
    flat = np.stack([np.asarray(pc.fill_null(items.field(name), np.nan), np.float32) for name in READS], -1)
    return _by_reader(column, flat)


def acts_of(users: pa.Table) -> list[Integers | None]:
    """Return the acts on each article of each history of a table users, (articles,), None where column `acts` is null.

    The acts on an article are the sum of their CODES.
    """
    column = users.column("acts").combine_chunks()
    return _by_reader(column, np.asarray(column.flatten(), np.int64))


def _by_reader(column: pa.ListArray, flat: Values) -> list[Values | None]:
    """Return the values of each list of a column, given end to end; None for a list that is null."""
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0), np.int64)
    parts = np.split(flat, np.cumsum(lengths)[:-1]) if len(lengths) else []
    return [part if there else None for part, there in zip(parts, column.is_valid().to_pylist(), strict=True)]

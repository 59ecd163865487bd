"""The book of orders: every change that an editor made, and what is in force; seen by every process at its next call.

A change is added and none is ever taken away, so the book is the audit log, too. What held before a change is what the
change before it of the same order says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from broadsheet.errors import ContractError, InputError, NewsroomError
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.notes import read_note, write_note
from broadsheet.orders.in_force import InForce, in_force
from broadsheet.orders.order import Embargo, Order
from broadsheet.readers.watched_file import Watched
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.live_schemas import ORDERS
from broadsheet.tables.locks import locked

LONGEST_NOTE = 2000
FILE = Path("desk") / "orders.arrow"
"""The table orders, in a newsroom's folder; missing before the first order."""


@dataclass(frozen=True)
class Change:
    """One change of an order."""

    number: int
    "1, 2, 3 …; the number of an order's last change is its version."
    time: datetime
    editor: str
    order_id: str
    order: Order | None
    "What holds from this change on; None where the order was taken off."
    note: str
    "What the fact gate found of words that the editor published anyway; else empty."
    undoes: int
    "The number of the change that it undoes; 0 for a change that undoes none."


class OrderConflict(NewsroomError):
    """Another editor changed the order since this editor saw it; `change` is the other change."""

    def __init__(self, change: Change | None) -> None:
        self.change = change
        now = "it was never given"
        if change is not None:
            holds = change.order or "taken off"
            now = f"{change.editor} changed it at {change.time:%Y-%m-%d %H:%M:%S} UTC, and now it is: {holds}"
        super().__init__(f"The order is not as you saw it: {now}. Nothing was changed. Look at it, then save again.")


@dataclass(frozen=True, eq=False)
class Orders:
    """All changes, oldest first."""

    changes: Sequence[Change]

    @cached_property
    def latest(self) -> dict[str, Change]:
        """The last change of each order, by its id, in the order of the changes."""
        found: dict[str, Change] = {}
        for change in self.changes:
            found.pop(change.order_id, None)
            found[change.order_id] = change
        return found

    @property
    def standing(self) -> list[Change]:
        """The last changes of the orders that were not taken off, whether or not their time has come."""
        return [change for change in self.latest.values() if change.order]

    @property
    def embargoes(self) -> dict[str, datetime | None]:
        """Until when editors hold articles back, by their ids; None for an article that an editor lets be shown."""
        orders = [change.order.what for change in self.standing if change.order]
        return {what.news_id: what.until for what in orders if isinstance(what, Embargo)}

    def version(self, order_id: str) -> int:
        """Return the number of an order's last change; 0 for an order that was never given."""
        return self.latest[order_id].number if order_id in self.latest else 0

    def before(self, change: Change) -> Order | None:
        """Return what held before a change."""
        earlier = [one for one in self.changes[: change.number - 1] if one.order_id == change.order_id]
        return earlier[-1].order if earlier else None

    def at(self, now: datetime) -> InForce:
        """Return what is in force; the same object until that changes."""
        known: InForce | None = vars(self).get("_known")
        if known is None or not known.since <= now < known.until:
            known = vars(self)["_known"] = in_force([one.order for one in self.standing if one.order], now)
        return known


class OrderBook:
    """The orders of a newsroom; safe to share between threads, and to change from several processes."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._path, self._note = newsroom.path / FILE, newsroom.notes / FILE.name
        self._watched = Watched(self._path, self._read, self._absent)
        self._last = self._none = Orders([])

    def __call__(self) -> Orders:
        """Return the orders as they are now; raises ContractError if their file is damaged, or gone."""
        return self._watched()

    def is_at_hand(self) -> bool:
        """Return whether the orders are as they were read last; costs a look at their file."""
        return self._watched.is_at_hand()

    def save(self, order: Order, editor: str, version: int, note: str = "") -> Change:
        """Give an order, or change it; on the disk when the call returns.

        `version` is the order's as the editor saw it, 0 where none stood. Raises OrderConflict if it is another by now.
        """
        return self._add(order.order_id, order, editor, version, note)

    def remove(self, order_id: str, editor: str, version: int) -> Change:
        """Take an order off; raises OrderConflict as `save`, and InputError if there is no such order."""
        self._standing(order_id)
        return self._add(order_id, None, editor, version)

    def undo(self, number: int, editor: str) -> Change:
        """Let what held before a change hold again; raises OrderConflict if the order was changed since.

        Raises InputError if there is no such change.
        """
        orders = self()
        if not 1 <= number <= len(orders.changes):
            raise InputError(f"change: found {number}, expected the number of a change, 1 to {len(orders.changes)}.")
        change = orders.changes[number - 1]
        return self._add(change.order_id, orders.before(change), editor, number, undoes=number)

    def _read(self, path: Path) -> Orders:
        """Return the orders, the same object as the last time if nothing was added: then no workbench is made anew."""
        self._last = _with_added(self._last, read_table(path, ORDERS), path)
        return self._last

    def _standing(self, order_id: str) -> None:
        if not any(change.order_id == order_id for change in self().standing):
            raise InputError(f"order: found {order_id[:40]!r}, expected the id of an order that stands.")

    def _add(
        self, order_id: str, order: Order | None, editor: str, version: int, note: str = "", undoes: int = 0
    ) -> Change:
        self._path.parent.mkdir(exist_ok=True)
        with locked(self._path.with_name(".lock")):
            table = read_table(self._path, ORDERS) if self._path.is_file() else ORDERS.empty_table()
            orders = _with_added(self._last, table, self._path) if len(table) else self._absent()
            last = orders.latest.get(order_id)
            if version != orders.version(order_id) and (version or (last and last.order)):
                raise OrderConflict(last)
            made = datetime.now(UTC), editor, order_id, order, note[:LONGEST_NOTE], undoes
            change = Change(len(orders.changes) + 1, *made)
            write_table(self._path, pa.concat_tables([table, _as_table(change)]), ORDERS)
            write_note(self._note)
        return change

    def _absent(self) -> Orders:
        if read_note(self._note) is not None:
            raise ContractError(
                f"{self._path}: missing, though editors' orders were written to it. Restore this file from a copy. If "
                f"there is no copy, delete {self._note}: then all orders of editors are lost."
            )
        return self._none


def _with_added(known: Orders, table: pa.Table, path: Path) -> Orders:
    """Return the orders of a table; of a table that goes on from what is known, only what was added is read."""
    count = len(known.changes)
    goes_on = 0 < count <= len(table) and _change(table.slice(count - 1, 1).to_pylist()[0], path) == known.changes[-1]
    if goes_on and count == len(table):
        return known
    start = count if goes_on else 0
    return Orders([*known.changes[:start], *(_change(row, path) for row in table.slice(start).to_pylist())])


def _change(row: Mapping[str, Any], path: Path) -> Change:
    try:
        return Change(**{**row, "order": Order.model_validate_json(row["order"]) if row["order"] else None})
    except ValidationError as error:
        raise ContractError(
            f"{path}: change {row['number']} has an order that cannot be read. Restore this file from a copy."
        ) from error


def _as_table(change: Change) -> pa.Table:
    order = change.order.model_dump_json() if change.order else ""
    return from_rows([{**vars(change), "order": order}], ORDERS)

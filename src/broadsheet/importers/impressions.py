"""Impressions in a publisher's own tables: a row for each list that was shown, or a row for each shown article."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from broadsheet.tables.values import SkipRow, checked_id, is_missing

_LABELS = {"1": True, "true": True, "1.0": True, "0": False, "false": False, "0.0": False}
MOST_HELD = 10_000
"""Rows that are looked at to tell whether a column `clicked` holds labels or ids."""


def impression_rows(
    rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], skip: Callable[[SkipRow], None]
) -> Iterator[dict[str, Any]]:
    """Yield rows of table impressions of named rows; `columns` are the names that the file has, `skip` counts a row.

    If `shown` is no column, each row is a shown article, and rows of one impression_id, or else of one reader and time,
    are one list, in the order of the file; the ids of the whole file are held in memory. A row of another reader than
    the first row of its impression_id is skipped: such ids are counted anew for each reader. Labels may be 1 and 0,
    true and false. `clicked_ids` names the clicked articles instead. `clicked` may hold ids or labels: the first list
    that can be read in one way only decides, as ["a"] beside the shown ["a", "b"] is ids. With ids, [] says that
    nothing was clicked, and no value says that clicks are not known. A list without an id gets an id made of its
    reader, its time and its articles, so that a second import brings no duplicate.
    """
    rows = ({name: None if is_missing(value) else value for name, value in row.items()} for row in rows)
    if "shown" not in columns:
        rows = _lists(rows, skip)
    elif "clicked" in columns and "clicked_ids" not in columns:
        rows = _with_clicked_ids(rows)
    for row in rows:
        try:
            made = {"clicked": _clicked(row), "propensity": _numbers(row.get("propensity")), **_id(row)}
            yield {name: value for name, value in row.items() if name != "clicked_ids"} | made
        except SkipRow as reason:
            skip(reason)


def _with_clicked_ids(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows, with `clicked` under the name `clicked_ids` if it holds ids and no labels.

    The first row decides that can be read in one way only; the rows before it are held in memory, MOST_HELD at most.
    """
    rest, held, kind = iter(rows), list[Mapping[str, Any]](), ""
    while not kind and len(held) < MOST_HELD and (row := next(rest, None)) is not None:
        held.append(row)
        kind = _kind_of_clicked(row)
    for row in chain(held, rest):
        if kind == "ids":
            yield {name: value for name, value in row.items() if name != "clicked"} | {"clicked_ids": row["clicked"]}
        else:
            yield row


def _kind_of_clicked(row: Mapping[str, Any]) -> str:
    """Return "labels" or "ids" if the row's `clicked` can be read in this way only, else an empty text."""
    clicked, shown = _as_list(row.get("clicked")), row.get("shown")
    if not isinstance(shown, list | tuple) or not clicked:
        return ""
    are_labels = len(clicked) == len(shown) and all(isinstance(_label(value), bool) for value in clicked)
    are_ids = {str(value) for value in clicked} <= {str(value) for value in shown}
    return "" if are_labels == are_ids else "labels" if are_labels else "ids"


def _as_list(value: object) -> list[Any] | None:
    """Return a list as it is, a single value as a list of it, and None for no value."""
    if value is None or value == "":
        return None
    return list(value) if isinstance(value, list | tuple) else [value]


def _label(value: object) -> object:
    """Return a label as true or false, and what is no label as it is."""
    return _LABELS.get(str(value).strip().lower(), value) if not isinstance(value, bool) else value


def _lists(rows: Iterable[Mapping[str, Any]], skip: Callable[[SkipRow], None]) -> Iterator[dict[str, Any]]:
    lists: dict[str, dict[str, Any]] = {}
    for row in rows:
        named = row.get("impression_id")
        key = repr((row.get("user_id"), row.get("time")) if named in (None, "") else named)
        made = lists.setdefault(key, {**row, "shown": [], "clicked": [], "propensity": []})
        readers = [str(one["user_id"]) for one in (made, row) if one.get("user_id") not in (None, "")]
        if len(set(readers)) > 1:
            example = f"{named!r:.80} of {readers[1]!r:.80}, which is an id of {readers[0]!r:.80}"
            skip(SkipRow("its impression_id is that of another reader's list", example))
            continue
        made["shown"].append(row.get("news_id"))
        for name in ("clicked", "propensity"):
            value = row.get(name)
            made[name].append((value or [None])[0] if isinstance(value, list) else value)
    for made in lists.values():
        made.pop("news_id", None)
        for name in ("clicked", "propensity"):  # what no row says is not known; it is not "no click"
            made[name] = made[name] if any(value not in (None, "") for value in made[name]) else None
        yield made


def _clicked(row: Mapping[str, Any]) -> list[Any]:
    """Return a label for each shown article; empty if the row says nothing of clicks."""
    ids, labels = _as_list(row.get("clicked_ids")), _as_list(row.get("clicked"))
    if ids is not None:
        chosen, shown = [checked_id(value) for value in ids], [checked_id(value) for value in row.get("shown") or ()]
        if not set(chosen) <= set(shown):
            raise SkipRow("a clicked article is not among the shown articles")
        return [news_id in chosen for news_id in shown]
    return [_label(value) for value in labels or ()]


def _numbers(values: object) -> object:
    """Return texts as numbers where they are numbers; the check of the row refuses the others."""
    if not isinstance(values, list | tuple) or not values:
        return None
    try:
        return [None if value in (None, "") else float(value) for value in values]
    except (TypeError, ValueError):
        return values


def _id(row: Mapping[str, Any]) -> dict[str, str]:
    if row.get("impression_id") not in (None, ""):
        return {}
    said = json.dumps([str(row.get("user_id")), str(row.get("time")), [str(value) for value in row.get("shown") or ()]])
    return {"impression_id": hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]}

"""Which articles a page may hold, must hold, and holds sooner, by a column of the articles."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from broadsheet.config.filters import FiltersConfig
from broadsheet.errors import InputError, join_problems
from broadsheet.tables.arrays import Flags, Floats, Rows
from broadsheet.tables.kept import kept_column, kept_names

_OURS = ("news_id", "category", "subcategory", "source", "language")


@dataclass(frozen=True)
class Quota:
    """How many articles of a kind a page has."""

    articles: Flags
    "Which articles are of the kind (articles,)."
    least: int
    most: int
    "0 for any number."


@dataclass(frozen=True)
class Slot:
    """The slot that an editor gives to an article."""

    row: int
    "The article's row in the catalogue."
    place: int
    "1 is the top."
    categories: Sequence[str]
    "Only readers of one of these categories see it there; empty for all readers."


@dataclass(frozen=True)
class Selection:
    """What filters say of the articles of a catalogue; all arrays are (articles,)."""

    allowed: Flags
    "Whether each may be shown at all."
    pinned: Flags
    "Whether each comes before all that is not pinned."
    boosts: Floats
    "What each is lifted by; 1 is the distance from the worst candidate of a reader to the best."
    quotas: Sequence[Quota]
    slots: Sequence[Slot] = ()
    "Articles that have a slot of their own; of two with the same slot, the last comes first."


def columns_of(news: pa.Table) -> list[str]:
    """Return the columns of a news table by which filters can go: those of every article, then the kept ones."""
    return [*_OURS, *kept_names(news)]


class ArticleValues:
    """The articles of a news table by the values of their columns; each column is read when it is first asked for."""

    def __init__(self, news: pa.Table) -> None:
        self._news = news
        self._known: list[str] | None = None
        self._rows: dict[str, dict[str, Rows]] = {}

    def __len__(self) -> int:
        return len(self._news)

    def problem(self, column: str) -> str:
        """Return why no filter can go by a column; empty if one can."""
        if self._known is None:
            self._known = columns_of(self._news)
        known = self._known
        if column in known:
            return ""
        return (
            f"no article here has a column {column!r}; known: {', '.join(known)}. "
            f"Keep a column of your files: broadsheet import tables --keep {column}"
        )

    def having(self, column: str, values: Iterable[str]) -> Flags:
        """Return which articles have one of these values in a column (articles,)."""
        if column not in self._rows:
            self._rows[column] = self._read(column)
        flags = np.zeros(len(self), np.bool_)
        for value in values:
            flags[self._rows[column].get(_fold(column)(value), np.zeros(0, np.int64))] = True
        return flags

    def _read(self, column: str) -> dict[str, Rows]:
        texts = self._news.column(column).to_pylist() if column in _OURS else kept_column(self._news, column)
        rows_of: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            rows_of.setdefault(text, []).append(row)
        found: dict[str, list[int]] = {}
        for text, rows in rows_of.items():
            for value in dict.fromkeys(map(_fold(column), _values_in(text))):
                found.setdefault(value, []).extend(rows)
        return {value: np.array(rows, np.int64) for value, rows in found.items()}


def _fold(column: str) -> Callable[[str], str]:
    return str if column == "news_id" else str.casefold


def _values_in(text: str) -> list[str]:
    """Return the values of a text: those of a list in JSON, such as tags, beside the text itself."""
    if not text.startswith("["):
        return [text]
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    return [text, *(value if isinstance(value, str) else json.dumps(value) for value in values)] if values else [""]


def select_articles(articles: ArticleValues, filters: Sequence[FiltersConfig]) -> Selection:
    """Return what several filters say together: an article must be allowed by each, and boosts add up.

    Raises InputError for columns that no article has: to ignore such a filter could show what it was to leave out.
    """
    _require_columns(articles, filters)
    size = len(articles)
    allowed, pinned, boosts = np.ones(size, np.bool_), np.zeros(size, np.bool_), np.zeros(size)
    quotas: list[Quota] = []
    for one in filters:
        for column, values in one.exclude.items():
            allowed &= ~articles.having(column, values)
        for column, values in one.only.items():
            allowed &= articles.having(column, values)
        for column, values in one.pins.items():
            pinned |= articles.having(column, values)
        for column, lifts in one.boosts.items():
            for value, lift in lifts.items():
                boosts += lift * articles.having(column, [value])
        for column, counts in one.quotas.items():
            quotas += [Quota(articles.having(column, [value]), q.least, q.most) for value, q in counts.items()]
    slots = [slot for one in filters for slot in _slots(articles, one) if allowed[slot.row]]
    return Selection(allowed, pinned & allowed, boosts, quotas, slots)


def _slots(articles: ArticleValues, filters: FiltersConfig) -> Iterator[Slot]:
    for news_id, wanted in filters.slots.items():
        for row in np.flatnonzero(articles.having("news_id", [news_id]))[-1:].tolist():  # its newest text
            yield Slot(row, wanted.slot, tuple(wanted.categories))


def _require_columns(articles: ArticleValues, filters: Sequence[FiltersConfig]) -> None:
    parts: list[tuple[str, Mapping[str, object]]] = [
        (name, getattr(one, name)) for one in filters for name in ("exclude", "only", "pins", "quotas", "boosts")
    ]
    found = {f"filters.{name}": articles.problem(column) for name, part in parts for column in part}
    problems = [f"{name}: {problem}" for name, problem in found.items() if problem]
    if problems:
        raise InputError(f"{join_problems(problems)}.")

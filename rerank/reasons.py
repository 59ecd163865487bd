"""The reason of an item on a page: one plain sentence that is true of it, and that not many others of the page have."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.same_event import DAY
from broadsheet.errors import ConfigError
from broadsheet.rerank.signals import REASONS
from broadsheet.tables.arrays import Flags, Floats, Rows
from broadsheet.text import shortened

MAX_PROFILE = 90
"""Most characters of the reader's own words in a reason."""
ALIKE = 3
"""Of the first n items of a page at most n / ALIKE have the same reason, and one at least may have it."""
ROUNDING = 1e-9
"""A contribution below this is a difference between equal values."""
NOTICEABLE = 0.1
"""Least lift by a signal that is a reason, as a share of the largest lift of the item."""
OF_OTHERS, OF_AGE = ("co_click", "popularity", "click_rate", "trend"), ("freshness",)
"""Signals of what other readers do, and of age. All other signals are personal, or the site's own, and come first."""
FIRST_DAY = date(1970, 1, 1).toordinal()
WIDENING = ("To widen the page: “{category}”.", "To widen the page: a story from {source}.", "To widen the page.")
"""The sentences for an item that no signal lifts."""


class Evidence(NamedTuple):
    """The texts that the reason of an item can name; a text that is unknown is empty."""

    title: str = ""
    "Title of the history article most like the item."
    profile: str = ""
    "The reader's own words on their interests, shortened."
    category: str = ""
    subcategory: str = ""
    source: str = ""
    day: str = ""
    "When the item was published, such as 1 May 2024."


class Places(NamedTuple):
    """The places of some readers' pages, page after page; all arrays are (places,)."""

    rows: Rows
    "Catalogue row of the item of each place."
    new: Flags
    "Which items are new in themselves."
    kept: Flags
    "Which items stand where they do because they are new: their first reason is their age."
    nearest: Rows
    "Catalogue row of the history article most like each item; below 0 for a reader without a history."


class Explainer:
    """Writes the reasons of lists: personal reasons first, then what other readers do, then age."""

    def __init__(self, catalogue: Catalogue, sentences: Mapping[str, Sequence[str]]) -> None:
        """`sentences` has for each signal its sentences, the best first, with names of `Evidence` in braces."""
        self._catalogue, self._sentences = catalogue, sentences

    def __call__(
        self, places: Places, contributions: Mapping[str, Floats], pages: Sequence[tuple[int, str]]
    ) -> tuple[Rows, list[str]]:
        """Return for each place the row of the history article that its reason names, or -1, and the reason.

        `contributions` says how far each signal lifts each item (places,). `pages` has for each reader the number of
        places, and what the reader said of their interests. If all true reasons of an item are taken too often, the
        item gets the reason that is taken least.
        """
        signals, evidence = true_signals(contributions, places.new), self._evidence(places, pages)
        because, reasons, start = np.full(len(places.rows), -1, np.int64), list[str](), 0
        for length, _ in pages:
            given: Counter[tuple[str, ...]] = Counter()
            for number in range(length):
                found = signals[start + number]
                if places.kept[start + number]:
                    found = [*OF_AGE, *(name for name in found if name not in OF_AGE)]
                sentence = self._choose(found, evidence[start + number], given, max(1, (number + 1) // ALIKE))
                named = named_in(sentence)
                reasons.append(sentence.format_map(evidence[start + number]._asdict()) if named else sentence.format())
                if "title" in named:
                    because[start + number] = places.nearest[start + number]
            start += length
        return because, reasons

    def _choose(self, signals: Sequence[str], evidence: Evidence, given: Counter[tuple[str, ...]], most: int) -> str:
        """Return the best sentence that was given fewer than `most` times, else the sentence given least; count it."""
        found: dict[tuple[str, ...], str] = {}
        for name in signals:
            for key, sentence in known_sentences(self._sentences.get(name, ()), evidence):
                if given[key] < most:
                    given[key] += 1
                    return sentence
                found.setdefault(key, sentence)
        for key, sentence in () if found else known_sentences(WIDENING, evidence):
            found[key] = sentence
        free = [key for key in found if given[key] < most]
        key = free[0] if free else min(found, key=lambda key: given[key])
        given[key] += 1
        return found[key]

    def _evidence(self, places: Places, pages: Sequence[tuple[int, str]]) -> list[Evidence]:
        """Return what each reason can name; the reader's own words only if there is no history to name."""
        spoken = [words for length, profile in pages for words in [spoken_words(profile)] * length]
        names = [self._names(kind, places.rows) for kind in ("category", "subcategory", "source")]
        columns = zip(self._titles(places.nearest), spoken, *names, self._days(places.rows), strict=True)
        return [
            Evidence(title, "" if near else words, *others)
            for (title, words, *others), near in zip(columns, (places.nearest >= 0).tolist(), strict=True)
        ]

    def _names(self, kind: str, rows: Rows) -> list[str]:
        named = self._catalogue.names[kind]
        return [named.names[number] for number in named.numbers[rows].tolist()]

    def _titles(self, rows: Rows) -> list[str]:
        """Return the titles of rows; empty for a row below 0."""
        distinct, places = np.unique(rows[rows >= 0], return_inverse=True)
        titles = self._catalogue.news.column("title").take(pa.array(distinct)).to_pylist()
        found = np.full(len(rows), "", object)
        found[rows >= 0] = np.array([*titles, ""], object)[places]
        return found.tolist()

    def _days(self, rows: Rows) -> list[str]:
        """Return the days on which articles were published, such as 1 May 2024; empty where that is unknown."""
        days, places = np.unique(np.floor(self._catalogue.published_at[rows] / DAY), return_inverse=True)
        named = ["" if np.isnan(day) else f"{date.fromordinal(FIRST_DAY + int(day)):%-d %B %Y}" for day in days]
        return [named[place] for place in places.tolist()]


def spoken_words(profile: str) -> str:
    """Return the reader's own words as a reason names them: on one line, and shortened."""
    return shortened(" ".join(profile.split()), MAX_PROFILE)


def true_signals(lifts: Mapping[str, Floats], new: Flags) -> list[list[str]]:
    """Return the signals that are a reason of each item: first personal signals, then of other readers, then of age.

    `lifts` says how far each signal lifts the score of each item above the mean of its list (items,). A signal that
    lifts it by less than NOTICEABLE of the largest lift is no reason. Freshness is a reason of each item that is `new`
    in itself (items,), and of no other: an item may merely be newer than the others of its list.
    """
    names = [name for name in lifts if name not in OF_AGE]
    if not names:
        return [list(OF_AGE) if one else [] for one in new.tolist()]
    largest = np.max([*lifts.values()], axis=0)
    values = np.stack([lifts[name] for name in names], axis=1)  # (items, signals)
    true = values > np.maximum(ROUNDING, NOTICEABLE * largest)[:, None]
    rank = np.where(true, np.array([name in OF_OTHERS for name in names]), 2)
    order = np.lexsort((-values, rank), axis=-1)
    order[np.arange(len(names)) >= true.sum(axis=1)[:, None]] = len(names)
    lines = order.astype(np.uint8 if len(names) < 256 else np.int64)
    # Many items have the same signals in the same order, which are named once.
    named: dict[tuple[bytes, bool], list[str]] = {}
    found = []
    for line, one in zip(lines, new.tolist(), strict=True):
        key = line.tobytes(), one
        if key not in named:
            named[key] = [*(names[place] for place in line.tolist() if place < len(names)), *(OF_AGE if one else ())]
        found.append(named[key])
    return found


def known_sentences(sentences: Sequence[str], evidence: Evidence) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the sentences whose names in braces are all known, each with the key that reasons alike share.

    Two sentences are alike if they differ in the day alone: "published on 1 May" and "published on 2 May".
    """
    for sentence in sentences:
        names = _fields_in(sentence)
        if all([evidence[name] for name in names]):
            yield (sentence, *(evidence[name] for name in names if name != _DAY)), sentence


def with_own_reasons(own: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """Return REASONS and the sentences of a site's own signals; a signal without a sentence gets a plain one.

    Raises ConfigError for a sentence that names in braces what a reason cannot name.
    """
    known = Evidence._fields
    for name, sentence in own.items():
        try:
            unknown = [one for one in named_in(sentence) if one not in known]
        except ValueError as error:  # a brace that is not closed
            raise ConfigError(f"own signal {name}: reason {sentence!r}: {error}. Write braces in pairs.") from error
        if unknown:
            raise ConfigError(
                f"own signal {name}: reason {sentence!r} names {{{unknown[0]}}}; expected {', '.join(sorted(known))}."
            )
    plain = {name: f"Because of this site’s “{name.replace('_', ' ')}”." for name in own}
    return {
        **REASONS,
        **{name: (sentence, plain[name]) if sentence else (plain[name],) for name, sentence in own.items()},
    }


@lru_cache(maxsize=1024)  # the same few sentences are asked about for every item of every page
def named_in(sentence: str) -> tuple[str, ...]:
    """Return the names in braces of a sentence: `("source",)` for "Because you often read {source}."."""
    return tuple(name for _, name, _, _ in Formatter().parse(sentence) if name is not None)


_DAY = Evidence._fields.index("day")


@lru_cache(maxsize=1024)
def _fields_in(sentence: str) -> tuple[int, ...]:
    """Return the places in Evidence of the names in braces of a sentence."""
    return tuple(Evidence._fields.index(name) for name in named_in(sentence))

"""The reason of an item on a page: a plain sentence that is true of it, and that at most two items of the page have.

Sentences that begin alike and end in another section or source, such as "Because you asked for “chess”: this is from
Daily.", read as the same sentence. Of ten items in a row at most four have them.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.same_event import DAY
from broadsheet.rerank.reasons.deletion import History, ReadArticles, Told, nothing_told
from broadsheet.rerank.reasons.headline_names import shared_names
from broadsheet.rerank.reasons.lifts import OF_AGE, OF_OTHERS, ROUNDING, true_signals
from broadsheet.rerank.reasons.own_words import Asked, EncodeWords, named_in_words, nearest_parts, nothing_asked
from broadsheet.rerank.reasons.sentences import (
    OFTEN,
    Evidence,
    Language,
    Sentences,
    beginning_of,
    key_of,
    known_sentences,
    named_in,
)
from broadsheet.tables.arrays import Flags, Floats, Rows, Vectors

MOST_ALIKE = 2
"""Items of a page that may have the same reason."""
MOST_BEGUN_ALIKE = 4
"""Items of NEIGHBOURS whose reasons may begin alike: with the same wish, or the same section often read."""
NEIGHBOURS = 10
"""Items in a row that a reader sees together."""
SAMPLE, USUAL = 512, 0.98
"""Articles of the newsroom, spread evenly, and the share of them that lie less near than what counts as near."""
OF_CONTENT = ("relevance", "attention", "two_tower")
"""Signals that compare an item with what the reader read or asked for."""
FIRST_DAY = date(1970, 1, 1).toordinal()
Key = tuple[str, ...]


@dataclass(frozen=True)
class ReaderPage:
    """The items of one reader's page, in its order, and what the reader read."""

    rows: Rows
    "Catalogue rows of the items (items,)."
    new: Flags
    "Which items are new in themselves."
    kept: Flags
    "Which items stand where they do because they are new: their age comes before what other readers do."
    lifts: Mapping[str, Floats]
    "How far each signal lifts each item (items,)."
    read: ReadArticles
    nearness: Vectors
    "Inner products of the items with the articles read, (items, articles)."
    profile: str
    "What the reader said of their interests; empty for nothing."


@dataclass(frozen=True)
class _Reason:
    """A sentence that is true of an item."""

    key: Key
    "What reasons alike share."
    begun: Key
    "What reasons that begin alike share."
    sentence: str
    evidence: Evidence
    because: int
    "Catalogue row of the article read that the sentence names; -1 for none."

    @property
    def text(self) -> str:
        return self.sentence.format_map(self.evidence._asdict())


class Explainer:
    """Writes the reasons of pages: personal reasons first, then what other readers do, then age."""

    def __init__(
        self,
        catalogue: Catalogue,
        language: Language,
        sentences: Mapping[str, Sentences],
        encode: EncodeWords | None = None,
    ) -> None:
        """`sentences` has for each signal its sentences, the best first; `language` has all others.

        `encode` tells the parts of readers' own words apart; without it, a reason names them as a whole.
        """
        self._catalogue, self._language, self._sentences, self._encode = catalogue, language, sentences, encode

    def __call__(self, pages: Sequence[ReaderPage]) -> tuple[Rows, list[str]]:
        """Return for each item, page after page, the row of the article that its reason names, or -1, and the text.

        The text is empty where each sentence that is true of an item stands on the page MOST_ALIKE times already, or
        MOST_BEGUN_ALIKE of its neighbours above begin like it.
        """
        because, texts, titles = list[int](), list[str](), self._titles(pages)
        for page in pages:
            given, begun = Counter[Key](), deque[Key | None](maxlen=NEIGHBOURS - 1)
            for found in self._reasons(page, titles):
                chosen = _choose(found, given, begun)
                begun.append(None if chosen is None else chosen.begun)
                because.append(-1 if chosen is None else chosen.because)
                texts.append("" if chosen is None else chosen.text)
        return np.array(because, np.int64), texts

    def _reasons(self, page: ReaderPage, titles: Mapping[int, str]) -> Iterator[tuple[list[_Reason], list[_Reason]]]:
        """Yield the personal reasons of each item of a page, and all others, both the best first."""
        names = {kind: self._names(kind, page.rows) for kind in OFTEN}
        told, asked = self._told(page, titles), self._asked(page, names)
        days, signals = self._days(page.rows), true_signals(page.lifts, page.new)
        for place, found in enumerate(signals):
            nearest = int(told.nearest[place, 0])
            words = asked.parts[place]
            named = (told.names[place], *(names[kind][place] for kind in OFTEN), days[place])
            evidence = Evidence(titles.get(nearest, ""), words, *named)
            personal = [name for name in found if name not in (*OF_OTHERS, *OF_AGE)]
            if page.kept[place]:  # it stands there for its age, unless the reader read something near
                personal, found = [], [*OF_AGE, *found]
            rest = [name for name in dict.fromkeys(found) if name not in personal]
            own = [
                *self._said(self._language.asked if asked.near[place] else (), evidence),
                *self._lifting(personal, evidence, nearest),
                *self._read(told, place, evidence, titles),
            ]
            others = list(self._lifting(rest, evidence, nearest))
            yield own, others if own or others else list(self._said(self._language.widening, evidence))

    def _lifting(self, signals: Iterable[str], evidence: Evidence, nearest: int) -> Iterator[_Reason]:
        for name in signals:
            yield from self._said(self._sentences.get(name, ()), evidence, nearest)

    def _read(self, told: Told, place: int, evidence: Evidence, titles: Mapping[int, str]) -> Iterator[_Reason]:
        """Yield what the history says of an item: the nearest article, names, sections and sources, other articles."""
        language, near = self._language, told.near[place]
        rows = [row for row, true in zip(told.nearest[place].tolist(), near.tolist(), strict=True) if true]
        first = rows[:1] if near[0] else []
        for row in first:
            yield from self._said((language.read,), evidence._replace(title=titles[row]), row)
        if told.names[place]:
            yield from self._said((language.of_name,), evidence)
        for kind, signal in OFTEN.items():
            if kind in told.often and told.often[kind][place]:
                yield from self._said(self._sentences[signal], evidence)
        for row in rows[len(first) :]:
            yield from self._said((language.read,), evidence._replace(title=titles[row]), row)

    @staticmethod
    def _said(sentences: Sentences, evidence: Evidence, nearest: int = -1) -> Iterator[_Reason]:
        for key, sentence in known_sentences(sentences, evidence):
            begun = key_of(beginning_of(sentence, sentences), evidence)
            yield _Reason(key, begun, sentence, evidence, nearest if "title" in named_in(sentence) else -1)

    def _told(self, page: ReaderPage, titles: Mapping[int, str]) -> Told:
        """Return what the history says of the items; what it says counts only where a signal reads histories."""
        read, items = page.read, len(page.rows)
        if not len(read.rows) or not items:
            return nothing_told(items)
        usual = np.maximum(self._usual(page.rows)[:, None], self._usual(read.rows))
        history = History(read, page.nearness, usual)
        nearest, near = history.nearest()
        if not _reads_content(page.lifts):
            return Told(nearest, np.zeros_like(near), {}, [""] * items)
        numbers = {kind: self._catalogue.names[kind].numbers for kind in OFTEN}
        often = {kind: history.often(found[page.rows], found[read.rows]) for kind, found in numbers.items()}
        headlines = [titles[row] for row in page.rows.tolist()]
        shared = shared_names(headlines, [titles[row] for row in read.rows.tolist()])
        falls = history.falls(np.array([there for _, there in shared], np.bool_))
        names = [name if true else "" for (name, _), true in zip(shared, falls.tolist(), strict=True)]
        return Told(nearest, near, often, names)

    def _asked(self, page: ReaderPage, names: Mapping[str, Sequence[str]]) -> Asked:
        """Return what the reader's own words say of the items: with a history, only what they name to the letter."""
        if not page.profile or not _reads_content(page.lifts):
            return nothing_asked(len(page.rows))
        if len(page.read.rows):
            return named_in_words(page.profile, list(zip(*names.values(), strict=True)))
        vectors = self._catalogue.vectors_of(page.rows)
        return nearest_parts(page.profile, vectors, self._others, USUAL, self._encode)

    @cached_property
    def _others(self) -> Vectors:
        """Vectors of articles spread evenly over the newsroom, (articles, dim)."""
        size = len(self._catalogue)
        return self._catalogue.vectors_of(np.unique(np.linspace(0, size - 1, min(size, SAMPLE)).astype(np.int64)))

    @cached_property
    def _known_usual(self) -> Floats:
        return np.full(len(self._catalogue), np.nan)

    def _usual(self, rows: Rows) -> Floats:
        """Return the likeness to each article that USUAL of the newsroom's articles do not reach, (rows,)."""
        known = self._known_usual
        for row in np.unique(rows[np.isnan(known[rows])]).tolist():
            known[row] = np.quantile(self._others @ self._catalogue.vectors_of([row])[0], USUAL)
        return known[rows]

    def _names(self, kind: str, rows: Rows) -> list[str]:
        named = self._catalogue.names[kind]
        return [named.names[number] for number in named.numbers[rows].tolist()]

    def _titles(self, pages: Sequence[ReaderPage]) -> dict[int, str]:
        """Return the titles of the items and of the articles read, by row."""
        rows = [part for page in pages for part in (page.rows, page.read.rows)]
        distinct = np.unique(np.concatenate(rows)) if rows else np.zeros(0, np.int64)
        titles = self._catalogue.news.column("title").take(pa.array(distinct)).to_pylist()
        return dict(zip(distinct.tolist(), titles, strict=True))

    def _days(self, rows: Rows) -> list[str]:
        """Return the days on which articles were published, such as 1 May 2024; empty where that is unknown."""
        days, places = np.unique(np.floor(self._catalogue.published_at[rows] / DAY), return_inverse=True)
        form = self._language.day
        named = ["" if np.isnan(day) else date.fromordinal(FIRST_DAY + int(day)).strftime(form) for day in days]
        return [named[place] for place in places.tolist()]


def _reads_content(lifts: Mapping[str, Floats]) -> bool:
    """Whether a signal that compares items with what the reader read or said counts in the score."""
    return any(name in lifts and bool((np.abs(lifts[name]) > ROUNDING).any()) for name in OF_CONTENT)


def _choose(
    found: tuple[list[_Reason], list[_Reason]], given: Counter[Key], begun: Sequence[Key | None]
) -> _Reason | None:
    """Return the first reason that was given least, personal reasons before all others; count it."""
    for reasons in found:
        for times in range(MOST_ALIKE):
            for reason in reasons:
                if given[reason.key] == times and begun.count(reason.begun) < MOST_BEGUN_ALIKE:
                    given[reason.key] += 1
                    return reason
    return None

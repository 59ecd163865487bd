"""The reason of an item on a page: one plain sentence that is true of it, and that not many others of the page have."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from string import Formatter

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.errors import ConfigError
from broadsheet.rerank.signals import REASONS
from broadsheet.tables.arrays import Flags, Floats
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
WIDENING = ("To widen the page: “{category}”.", "To widen the page: a story from {source}.", "To widen the page.")
"""The sentences for an item that no signal lifts."""


@dataclass(frozen=True)
class Evidence:
    """The texts that the reason of an item can name; a text that is unknown is empty."""

    title: str = ""
    "Title of the history article most like the item."
    profile: str = ""
    "The reader's own words on their interests."
    category: str = ""
    subcategory: str = ""
    source: str = ""
    day: str = ""
    "When the item was published, such as 1 May 2024."

    @cached_property
    def texts(self) -> dict[str, str]:
        """The texts by name, the reader's own words shortened."""
        texts = {field.name: getattr(self, field.name) for field in fields(self)}
        return texts | {"profile": shortened(" ".join(self.profile.split()), MAX_PROFILE)}

    @cached_property
    def known(self) -> dict[str, str]:
        """The texts that are not empty, by name."""
        return {name: text for name, text in self.texts.items() if text}


@dataclass(frozen=True)
class Explainer:
    """Writes the reasons of a list: personal reasons first, then what other readers do, then age."""

    catalogue: Catalogue
    sentences: Mapping[str, Sequence[str]]
    "For each signal its sentences, the best first, with names of `Evidence` in braces."

    def __call__(
        self,
        rows: Sequence[int],
        contributions: Mapping[str, Floats],
        new: Flags,
        nearest: npt.NDArray[np.int64],
        profile: str,
        kept: Flags | None = None,
    ) -> tuple[list[str | None], list[str]]:
        """Return for each item the id of the history article that its reason names, or None, and the reason.

        `rows` are the items' catalogue rows in the order of the page. `contributions` says how far each signal lifts
        each item (items,), and `new` which items are new in themselves (items,). `nearest` is the catalogue row of the
        history article most like each item (items, 1); it is (items, 0) for a reader without a history. `profile` is
        what the reader said. `kept` says which items stand where they do because they are new (items,): their first
        reason is their age. If all true reasons of an item are taken too often, it gets the reason taken least.
        """
        because: list[str | None] = []
        reasons = []
        given: Counter[str] = Counter()
        for place, row in enumerate(rows):
            near = int(nearest[place, 0]) if nearest.shape[1] else None
            evidence = self._evidence(row, near, profile)
            lifts = {name: float(part[place]) for name, part in contributions.items()}
            signals = true_signals(lifts, bool(new[place]))
            if kept is not None and kept[place]:
                signals = [*OF_AGE, *(name for name in signals if name not in OF_AGE)]
            found = [one for name in signals for one in self._known(name, evidence)]
            found = list(dict.fromkeys(found)) or [*known_sentences(WIDENING, evidence)]
            most = max(1, (place + 1) // ALIKE)
            key, sentence = next((one for one in found if given[one[0]] < most), None) or min(
                found, key=lambda one: given[one[0]]
            )
            given[key] += 1
            reasons.append(sentence.format_map(evidence.texts))
            named = near if "title" in named_in(sentence) else None
            because.append(None if named is None else self.catalogue.news.column("news_id")[named].as_py())
        return because, reasons

    def _known(self, signal: str, evidence: Evidence) -> Iterator[tuple[str, str]]:
        return known_sentences(self.sentences.get(signal, ()), evidence)

    def _evidence(self, row: int, near: int | None, profile: str) -> Evidence:
        """Return what the reason of an item can name; the reader's own words only if there is no history to name."""
        news = self.catalogue.news
        published_at = news.column("published_at")[row].as_py()
        return Evidence(
            title="" if near is None else news.column("title")[near].as_py(),
            profile=profile if near is None else "",
            category=str(self.catalogue.category[row]),
            subcategory=news.column("subcategory")[row].as_py(),
            source=news.column("source")[row].as_py(),
            day="" if published_at is None else f"{published_at:%-d %B %Y}",
        )


def true_signals(lifts: Mapping[str, float], new: bool) -> list[str]:
    """Return the signals that are a reason of an item: personal signals first, then of other readers, then of age.

    `lifts` says how far each signal lifts the item's score above the mean of its list. A signal that lifts it by less
    than NOTICEABLE of the largest lift is no reason. Freshness is a reason of each item that is `new` in itself, and of
    no other: an item may merely be newer than the others of its list.
    """
    least = max(ROUNDING, NOTICEABLE * max(lifts.values(), default=0.0))
    true = [name for name, lift in lifts.items() if lift > least and name not in OF_AGE]
    true.sort(key=lambda name: (name in OF_OTHERS, -lifts[name]))
    return [*true, *(OF_AGE if new else ())]


def known_sentences(sentences: Sequence[str], evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield the sentences whose names in braces are all known, each with the key that reasons alike share.

    Two sentences are alike if they differ in the day alone: "published on 1 May" and "published on 2 May".
    """
    for sentence in sentences:
        if all(name in evidence.known for name in named_in(sentence)):
            yield sentence.format_map({**evidence.known, "day": ""}), sentence


def with_own_reasons(own: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """Return REASONS and the sentences of a site's own signals; a signal without a sentence gets a plain one.

    Raises ConfigError for a sentence that names in braces what a reason cannot name.
    """
    known = {field.name for field in fields(Evidence)}
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

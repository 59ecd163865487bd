"""The reason of an item on a page: one plain sentence for the signal that lifted its score most."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
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
ROUNDING = 1e-9
"""A contribution below this is a difference between equal values."""


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


@dataclass(frozen=True)
class Explainer:
    """Writes the reasons of a list: each from the signal that lifted the item most."""

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
    ) -> tuple[list[str | None], list[str]]:
        """Return for each item the id of the history article that its reason names, or None, and the reason.

        `rows` are the items' catalogue rows. `contributions` says how far each signal lifts each item (items,), and
        `new` which items are new in themselves (items,). `nearest` is the catalogue row of the history article most
        like each item (items, 1); it is (items, 0) for a reader without a history. `profile` is what the reader said.
        """
        because: list[str | None] = []
        reasons = []
        for place, row in enumerate(rows):
            signal = _strongest({name: float(part[place]) for name, part in contributions.items()}, bool(new[place]))
            named = nearest.shape[1] and names_article(self.sentences.get(signal, ()))
            near = int(nearest[place, 0]) if named else None
            evidence = self._evidence(row, near, profile)
            reasons.append(write_reason(signal, evidence, self.sentences))
            # A sentence that names the article gives way to another if one of its other names is unknown.
            is_named = near is not None and evidence.title in reasons[-1]
            because.append(self.catalogue.news.column("news_id")[near].as_py() if is_named else None)
        return because, reasons

    def _evidence(self, row: int, near: int | None, profile: str) -> Evidence:
        news = self.catalogue.news
        published_at = news.column("published_at")[row].as_py()
        return Evidence(
            title="" if near is None else news.column("title")[near].as_py(),
            profile=profile,
            category=str(self.catalogue.category[row]),
            subcategory=news.column("subcategory")[row].as_py(),
            source=news.column("source")[row].as_py(),
            day="" if published_at is None else f"{published_at:%-d %B %Y}",
        )


def _strongest(contributions: Mapping[str, float], new: bool) -> str:
    """Return the signal that lifts an item most, or an empty text if none does.

    Freshness counts only for an item that is new in itself: it may merely be newer than the others of its list.
    """
    lifts = {name: value for name, value in contributions.items() if value > ROUNDING}
    if not new:
        lifts.pop("freshness", None)
    if lifts:
        return max(lifts, key=lambda name: lifts[name])
    return "freshness" if new else ""


def write_reason(signal: str, evidence: Evidence, sentences: Mapping[str, Sequence[str]] = REASONS) -> str:
    """Return the sentence for `signal`, the signal that lifted the item most; empty if no signal lifted it.

    A signal may have several sentences: the first whose names in braces are all known is taken.
    """
    known = {name: text for name, text in asdict(evidence).items() if text}
    known["profile"] = shortened(" ".join(evidence.profile.split()), MAX_PROFILE)
    for sentence in sentences.get(signal, ()):
        if all(known.get(name) for name in named_in(sentence)):
            return sentence.format_map(known)
    return f"To widen the page: {evidence.category}." if evidence.category else "To widen the page."


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


def names_article(sentences: Sequence[str]) -> bool:
    """Return whether one of the sentences names the title of an article of the history."""
    return any("title" in named_in(sentence) for sentence in sentences)


def named_in(sentence: str) -> list[str]:
    """Return the names in braces of a sentence: `["source"]` for "Because you often read {source}."."""
    return [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]

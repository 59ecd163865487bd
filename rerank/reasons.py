"""Why an item is on the page: one plain sentence from the signal that lifted it most, with the article behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from string import Formatter

from broadsheet.errors import ConfigError
from broadsheet.rerank.signals import REASONS
from broadsheet.text import shortened

MAX_PROFILE = 90
"""Most characters of the reader's own words in a reason."""


@dataclass(frozen=True)
class Evidence:
    """What a sentence about one item can name; each is empty where it is unknown."""

    title: str = ""
    "Title of the history article most like the item."
    profile: str = ""
    "What the reader said of their interests."
    category: str = ""
    subcategory: str = ""
    source: str = ""
    day: str = ""
    "When the item was published, such as 1 May 2024."


def write_reason(signal: str, evidence: Evidence, sentences: Mapping[str, Sequence[str]] = REASONS) -> str:
    """Return the sentence for the signal with the largest contribution; `signal` is empty if none lifted the item."""
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
    """Return the names in braces of a sentence."""
    return [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]

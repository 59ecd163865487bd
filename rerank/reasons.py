"""Why an item is on the page: one plain sentence from the signal that lifted it most, with the article behind it."""

from dataclasses import asdict, dataclass
from string import Formatter

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


def write_reason(signal: str, evidence: Evidence) -> str:
    """Return the sentence for the signal with the largest contribution; `signal` is empty if none lifted the item."""
    known = {name: text for name, text in asdict(evidence).items() if text}
    known["profile"] = shortened(" ".join(evidence.profile.split()), MAX_PROFILE)
    for sentence in REASONS.get(signal, ()):
        if all(known.get(name) for name in named_in(sentence)):
            return sentence.format_map(known)
    return f"To widen the page: {evidence.category}." if evidence.category else "To widen the page."


def named_in(sentence: str) -> list[str]:
    """Return the names in braces of a sentence."""
    return [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]

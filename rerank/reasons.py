"""Why an item is on the page: one plain sentence from the signal that lifted it most, with the article behind it."""

from dataclasses import dataclass
from datetime import datetime

from broadsheet.rerank.signals import AFFINITIES

MAX_PROFILE = 90


@dataclass(frozen=True)
class Evidence:
    """What a sentence about one item can name."""

    title: str
    "Title of the history article most like the item; empty if there is none."
    profile: str
    "What the reader said of their interests, named where there is no such article; may be empty."
    category: str
    subcategory: str
    source: str
    published_at: datetime | None


def write_reason(signal: str, evidence: Evidence) -> str:
    """Return the sentence for the signal with the largest contribution; `signal` is empty if none lifted the item."""
    if signal in ("relevance", "tower") and evidence.title:
        return f"Because you read “{evidence.title}”."
    if signal in ("relevance", "tower") and evidence.profile:
        return f"Because you asked for “{_shorten(evidence.profile)}”."
    if signal in AFFINITIES and (often := getattr(evidence, AFFINITIES[signal])):
        return f"Because you often read {often}."
    if signal == "co_click":
        return "Because those who read what you read opened it."
    if signal == "click_rate":
        return "Because many who saw it opened it."
    if signal == "trend":
        return "Because more and more readers open it."
    if signal == "popularity":
        return "Because many readers opened it lately."
    if signal == "freshness" and evidence.published_at is not None:
        return f"Because it is new: published on {evidence.published_at:%-d %B %Y}."
    return f"To widen the page: {evidence.category}." if evidence.category else "To widen the page."


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_PROFILE else text[: MAX_PROFILE - 1].rsplit(" ", 1)[0] + "…"

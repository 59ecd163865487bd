"""The settings of the writer, and of an OpenAI-compatible endpoint as the writer."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

MOST_SECONDS, MOST_RETRIES = 600.0, 10


@dataclass(frozen=True)
class EndpointConfig:
    """Settings of the endpoint where `writer` is the address of one; its key is in $BROADSHEET_API_KEY alone."""

    model: str = ""
    "The model's name there."
    timeout_seconds: float = 15.0
    "Most seconds that one try waits for an answer."
    retries: int = 2
    "Further tries after a timeout, a broken connection, a 429 or a 5xx."
    tokens: int = 2_000_000
    "Most tokens that a build spends, and again each process that serves its edition; 0 for any number."


def endpoint_problems(writer: str, endpoint: EndpointConfig, tokens: int = 0) -> list[str]:
    """Return what keeps the settings from being those of an endpoint; nothing where the writer is none.

    `tokens` is the budget of a writer that is none, which must not stand beside that of an endpoint.
    """
    if not _is_address(writer):
        return []
    problems = _address_problems(writer)
    if not endpoint.model.strip():
        problems.append(
            f"generate.endpoint.model: found none, expected the name that the model has at {writer!r}; set it in a "
            "section [generate.endpoint]"
        )
    if tokens:
        problems.append(
            f"generate.tokens: found {tokens}, expected 0 where the writer is an endpoint; set it in "
            "[generate.endpoint]"
        )
    for name, most in (("timeout_seconds", MOST_SECONDS), ("retries", MOST_RETRIES)):
        value = getattr(endpoint, name)
        if value > most:
            problems.append(f"generate.endpoint.{name}: found {value}, expected at most {most}")
    return problems


def _is_address(writer: str) -> bool:
    """Whether a writer's name is an address rather than a folder, a hub name or an asset."""
    return "://" in writer


def _address_problems(writer: str) -> list[str]:
    expected = "expected an address such as https://host/v1"
    if "@" in writer:  # a password, maybe, which this message must not repeat
        return [f"generate.writer: found an address with an @, {expected}; a key goes into $BROADSHEET_API_KEY"]
    try:
        parts = urlsplit(writer)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return [f"generate.writer: found {writer!r} ({error}), {expected}"]
    wrong = ""
    if parts.scheme not in ("http", "https"):
        wrong = f"the scheme {parts.scheme!r}"
    elif not host or port == 0:
        wrong = "no host, or port 0"
    elif parts.query or parts.fragment or not all("!" <= character <= "~" for character in writer):
        wrong = "a query, a blank or a character beyond ASCII"
    return [f"generate.writer: found {writer!r} with {wrong}, {expected}"] if wrong else []


@dataclass(frozen=True)
class ChoiceWeights:
    """What each quality of a draft counts for, where several passed the fact gate."""

    interest: float = 1.0
    "Likeness to what the reader follows."
    article: float = 1.5
    "Likeness to the article's beginning."
    expected: float = 0.5
    "Mean likeness to all that the model drafted, what was refused too: the sense that it finds likeliest."
    fluency: float = 0.15
    "Likelihood by the writer's own model."
    length: float = 0.15
    "Nearness to the length that is best for the job."
    publisher: float = 0.6
    "Whether it is the publisher's own headline, which an editor wrote."
    own_words: float = 0.03
    "Share of its words outside the longest run copied from the article."


@dataclass(frozen=True)
class GenerateConfig:
    """Settings of the writer."""

    writer: str = "asset:smollm2"
    "A T5- or GPT-like model: asset:NAME, a folder, a hub name, or https://… of an endpoint; empty: publisher's words."
    tuned: str = "auto"
    "What was trained of it: auto is the newsroom's own, else what is shipped if it fits; none; else a folder."
    stories: int = 10
    "Stories written for each user in a build."
    summary_words: int = 45
    "Most words of a summary."
    digest_words: int = 120
    "Most words of a digest of the articles on one event; 0 for no digests."
    drafts: int = 2
    "Drafts of each headline: the likeliest, and others drawn at random; an endpoint writes one, as of a summary all."
    minutes: float = 0.0
    "Minutes that a build drafts texts, of what is on most pages first; 0 for any number."
    tokens: int = 0
    "Most tokens that a build's writer reads and writes; 0 for any number. An endpoint has its own."
    choice: ChoiceWeights = field(default_factory=ChoiceWeights)
    endpoint: EndpointConfig = field(default_factory=EndpointConfig)

    @property
    def runs_here(self) -> bool:
        """Whether the writer is a model that this machine runs, rather than an endpoint or the publisher's words."""
        return bool(self.writer) and not _is_address(self.writer)

"""The settings of the writer, of an OpenAI-compatible endpoint as the writer, and of the choice between drafts."""

from dataclasses import field
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from broadsheet.config.section import MOST, Amount, AtLeastOne, Count, SettingsError, Share, section

TOKENS = 250_000
"""Tokens that a build spends on drafts of a model on this machine: about a thousand articles."""


@section
class EndpointConfig:
    """The OpenAI-compatible endpoint, if `writer` is an address. Its key is read from $BROADSHEET_API_KEY alone."""

    model: str = ""
    "The model's name at the endpoint."
    timeout_seconds: Annotated[float, Field(ge=0.1, le=600)] = 15.0
    "Most seconds that one try waits for an answer."
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    "Further tries after a timeout, a broken connection, or an answer with the status 429 or 5xx."
    tokens: Count = 2_000_000
    "Most tokens that a build spends, and that each process which serves its edition spends; 0 for any number."


@section
class ChoiceWeights:
    """How much each quality of a draft counts, if several drafts passed the fact gate."""

    interest: Amount = 1.0
    "Likeness to what the reader follows."
    article: Amount = 1.5
    "Likeness to the article's beginning."
    expected: Amount = 0.5
    "Mean likeness to all drafts of the model, refused ones too: how near it is to what the model most often says."
    fluency: Amount = 0.15
    "Likelihood by the writer's own model."
    length: Amount = 0.15
    "Nearness to the best length of a headline or a summary."
    publisher: Amount = 0.6
    "Whether it is the publisher's own headline, which an editor wrote."
    own_words: Amount = 0.03
    "Share of its words outside the longest run of words copied from the article."


@section
class GenerateConfig:
    """The writer of headlines and summaries, and what it may spend."""

    writer: str = "asset:smollm2"
    """A T5-like or GPT-like model: asset:NAME, a folder, or a name on the model hub. Or the address of an endpoint,
    such as https://host/v1. Empty: the publisher's own words."""
    tuned: str = "auto"
    """Adapters or a model that the writer was trained to. "auto": what this newsroom trained, else what is shipped, if
    it fits the model. "none": the model alone. Else a folder."""
    headlines: Literal["publisher", "best", "personal"] = "publisher"
    """"publisher": the publisher's headline where there is one. "best": the best of the drafts and the publisher's.
    "personal": the best for each reader's interest. A function of your own is always asked for headlines."""
    stories: AtLeastOne = 10
    "Stories written for each reader in a build."
    summary_words: Annotated[int, Field(ge=5, le=MOST)] = 45
    "Most words of a summary."
    digest_words: Count = 120
    "Most words of a digest of several articles about one event; 0 for no digests."
    drafts: AtLeastOne = 2
    "Drafts of each headline: the most likely one, then random ones. A summary has one; an endpoint writes one of each."
    minutes: Amount = 0.0
    "Most minutes that a build drafts texts, of the articles on most pages first; 0 for any number."
    tokens: Count = TOKENS
    """Most tokens that a model on this machine reads and writes in a build; 0 for any number. An endpoint has a setting
    of its own, and a function of your own has no bound."""
    least_kept: Share = 0.15
    """Least share of drafted articles of which a draft must be kept: once 16 articles were drafted in a build and fewer
    kept a draft, the rest are not drafted. 0 for no such stop. A function of your own is never stopped."""
    choice: ChoiceWeights = field(default_factory=ChoiceWeights)
    endpoint: EndpointConfig = field(default_factory=EndpointConfig)

    @property
    def runs_here(self) -> bool:
        """Whether the writer is a model that this machine runs, rather than an endpoint or the publisher's words."""
        return bool(self.writer) and not _is_address(self.writer)

    def __post_init__(self) -> None:
        """Raise SettingsError if the writer is an endpoint that these settings cannot reach, or with two budgets."""
        problems = {}
        if _is_address(self.writer):
            if problem := _address_problem(self.writer):
                problems["writer"] = problem
            if not self.endpoint.model.strip():
                problems["endpoint.model"] = (
                    f"found none, expected the name that the model has at {self.writer!r}; set it in a section "
                    "[generate.endpoint]"
                )
            if self.tokens not in (0, TOKENS):
                problems["tokens"] = (
                    f"found {self.tokens}, expected 0 where the writer is an endpoint; set it in [generate.endpoint]"
                )
        if problems:
            raise SettingsError(problems)


def _is_address(writer: str) -> bool:
    """Whether a writer's name is an address rather than a folder, a hub name or an asset."""
    return "://" in writer


def _address_problem(writer: str) -> str:
    """Return what is wrong with the address of an endpoint; empty if nothing is."""
    expected = "expected an address such as https://host/v1"
    if "@" in writer:  # perhaps with a password, which this message must not repeat
        return f"found an address with an @, {expected}; a key goes into $BROADSHEET_API_KEY"
    try:
        parts = urlsplit(writer)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f"found {writer!r} ({error}), {expected}"
    wrong = ""
    if parts.scheme not in ("http", "https"):
        wrong = f"the scheme {parts.scheme!r}"
    elif not host or port == 0:
        wrong = "no host, or port 0"
    elif parts.query or parts.fragment or not all("!" <= character <= "~" for character in writer):
        wrong = "a query, a blank or a character beyond ASCII"
    return f"found {writer!r} with {wrong}, {expected}" if wrong else ""

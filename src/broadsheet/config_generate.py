"""The settings of the writer."""

from dataclasses import dataclass, field

from broadsheet.config_endpoint import EndpointConfig


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

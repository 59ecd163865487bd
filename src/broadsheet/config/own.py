"""The settings of a site's own parts, each named as "package.module:function"."""

from dataclasses import field

from broadsheet.config.section import Amount, section


@section
class OwnSignalConfig:
    """A signal of your own; see the how-to on your own parts."""

    call: str
    'The function: "package.module:function".'
    weight: Amount = 1.0
    "What the signal counts for, beside [rerank.weights]; 0 if only the learned fusion uses it."
    reason: str = ""
    "The sentence under a story that the signal lifted most."


@section
class OwnSourceConfig:
    """A source of candidates of your own."""

    call: str
    'The function: "package.module:function".'
    weight: Amount = 1.0
    "What the source's scores count for, beside [retrieval.weights]; 0 turns it off."


@section
class OwnConfig:
    """Parts of your own, in place of or beside those of Broadsheet."""

    reranker: str = ""
    "A function that scores candidates in place of the weights and of the learned fusion."
    writer: str = ""
    "A function that writes headlines and summaries, in place of [generate] writer."
    signals: dict[str, OwnSignalConfig] = field(default_factory=dict)
    "Signals of your own: `call`, the function, and if you like `weight` (1 by default) and `reason`."
    sources: dict[str, OwnSourceConfig] = field(default_factory=dict)
    "Candidate sources of your own: `call`, the function, and if you like `weight` (1 by default)."
    importers: dict[str, str] = field(default_factory=dict)
    "Functions that read articles, readers and clicks, for `broadsheet import own NAME PATH`."

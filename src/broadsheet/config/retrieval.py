"""The settings of retrieval and of the index."""

from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from broadsheet.config.section import MOST, Amount, AtLeastOne, Count, SettingsError, Share, section


@section
class SourceWeights:
    """How much each source of candidates counts; 0 turns it off.

    If all of these are the defaults, the weights that were tuned with the towers count.
    """

    RENAMED: ClassVar = {"ann": "two_tower", "trending": "popularity", "fresh": "freshness"}
    two_tower: Amount = 0.5
    "Articles whose vectors are near the reader's, by the index."
    popularity: Amount = 1.0
    "Articles with many recent clicks."
    freshness: Amount = 0.1
    "The newest articles."
    co_click: Amount = 0.5
    "Articles that other readers of the reader's articles clicked."


@section
class SourceQuotas:
    """The share of a reader's candidates that each source is sure of, whatever the weights; together 1 at most.

    With a quota of 0.1 a source's best article is among the first 10 candidates, and its 6 best among the first 60,
    which are ranked.
    """

    two_tower: Share = 0.0
    "For the articles nearest to the reader."
    popularity: Share = 0.1
    "For the articles with the most recent clicks, so that a story that many opened within the hour is considered."
    freshness: Share = 0.3
    "For the newest articles, so that a story that nobody clicked yet is considered for every page."
    co_click: Share = 0.0
    "For the articles that readers of the same articles clicked."

    def __post_init__(self) -> None:
        """Raise SettingsError if the quotas are more than the whole."""
        if (total := sum(vars(self).values())) > 1 + 1e-9:
            problem = f"the quotas of all sources sum to {total:g}, expected 1 at most. Lower some"
            raise SettingsError({name: problem for name, quota in vars(self).items() if quota})


@section
class Prefixes:
    """What stands before a text that the encoder reads. "auto": what the encoder's own files or its name ask for."""

    query: str = "auto"
    'Before a reader\'s own words and a request, such as "query: "; empty for nothing.'
    passage: str = "auto"
    'Before the text of an article, such as "passage: "; empty for nothing.'


AS_THE_ENCODER_ASKS = Prefixes()

BY_LANGUAGE = "auto"
"""The value of `retrieval.encoder` that leaves the choice to the language of the articles."""


@section
class RetrievalConfig:
    """The towers, which make vectors of articles and readers, and the search for candidates."""

    encoder: str = BY_LANGUAGE
    """The BERT model of both towers: asset:NAME, a folder, or a hub name. "auto": asset:minilm if most articles are in
    English, else asset:e5, which reads a hundred languages."""
    prefixes: Prefixes = field(default_factory=Prefixes)
    towers: str = "auto"
    'Trained towers. "auto": those trained here, else those shipped. "untrained": the encoder as it is. Else a folder.'
    max_tokens: Annotated[int, Field(ge=8, le=MOST)] = 96
    "Most tokens of an article's title, category and abstract that the news tower reads."
    enrich_titles: bool = False
    "Whether the news tower also reads key sentences of the body if the abstract is empty or only repeats the title."
    history: AtLeastOne = 50
    "Newest clicks of a reader that the user tower reads."
    candidates: Annotated[int, Field(ge=1, le=100_000)] = 200
    "Articles retrieved for each reader."
    weights: SourceWeights = field(default_factory=SourceWeights)
    quotas: SourceQuotas = field(default_factory=SourceQuotas)


def _kind(value: str) -> str:
    if not value.strip():
        raise ValueError('auto, flat or a FAISS factory string, such as "HNSW32_SQfp16"')
    return value


@section
class IndexConfig:
    """The FAISS index, which finds the articles nearest to a reader."""

    kind: Annotated[str, AfterValidator(_kind)] = "auto"
    '"auto": exact up to 60,000 articles, else the fastest kind tried. "flat": exact. Else a FAISS factory string.'
    recall: Share = 0.98
    "Least share of a reader's 100 nearest articles that the index must find, measured on the readers' own vectors."
    memory_mib: Count = 0
    "Most memory for searching, in MiB; 0 for what fits into this machine."
    shards: Annotated[int, Field(ge=1, le=1_000)] = 1
    "Parts of equal size that the index is cut into. Built one by one or by several workers; a search asks all."

"""The settings of the re-ranker: the cross-encoder, the weights of the signals, and the policy."""

from dataclasses import field
from typing import Annotated, ClassVar

from pydantic import Field

from broadsheet.config.section import MOST, Amount, AtLeastOne, Count, Days, Share, section

HalfLife = Annotated[float, Field(ge=0.01, le=MOST)]


@section
class CapsConfig:
    """Most articles of a kind in a list; 0 for any number. Articles beyond a cap come after all others."""

    category: Count = 0
    "Most articles of one category. Articles of unknown category are not counted."
    source: Count = 0
    "Most articles of one source. Articles of unknown source are not counted."
    story: Count = 1
    "Most articles about one event."
    story_similarity: Share = 0.8
    "Least inner product of the vectors of two articles about one event."
    story_days: Days = 3.0
    "Most days between the publication of two articles about one event, if both times are known."


@section
class Weights:
    """How much each signal counts in the ranking; 0 turns it off. A signal that an article lacks counts nothing."""

    RENAMED: ClassVar = {"tower": "two_tower"}
    relevance: Amount = 0.5
    "The cross-encoder's opinion of the article for the reader."
    attention: Amount = 1.0
    "The attentive scorer's opinion of the article for the reader."
    two_tower: Amount = 2.0
    "Likeness of the article's vector to the reader's."
    popularity: Amount = 0.1
    "Clicks of all readers."
    click_rate: Amount = 0.2
    "Clicks for each time the article was shown."
    trend: Amount = 0.1
    "Rise of the clicks in the last hours."
    co_click: Amount = 0.0
    "Clicks by other readers of the reader's articles."
    freshness: Amount = 0.75
    "How new the article is."
    unseen: Amount = 0.5
    "How seldom the reader was shown the article in the last seven days and did not click it."
    affinity: Amount = 0.1
    "Share of the article's category in the reader's history."
    subcategory_affinity: Amount = 0.0
    "Share of the article's subcategory in the reader's history."
    source_affinity: Amount = 0.0
    "Share of the article's source in the reader's history."


@section
class AttentionSignal:
    """What counts in the signal `attention` beside the click, if the attentive scorer learned it; 0 for nothing."""

    long_read: Amount = 0.0
    "Weight of the probability that the article, if clicked, is read for long."
    hide: Amount = 0.0
    "Weight of the probability that the reader does not hide the article."


@section
class RerankConfig:
    """The cross-encoder, how signals become one score, and how the list is arranged."""

    encoder: str = "asset:minilm"
    "The BERT model of the cross-encoder: asset:NAME, a folder, or a name on the model hub."
    depth: AtLeastOne = 60
    "Candidates that are ranked, the best by retrieval score."
    cross_encoder_reads: AtLeastOne = 50
    """Most candidates of a reader that the cross-encoder reads: the first of the page as all other signals make it. The
    relevance of the others is estimated from the attentive scorer's opinion, or from the two-tower score. A number of
    at least depth has all read; to have no candidate read, set relevance = 0 in [rerank.weights]."""
    headlines: AtLeastOne = 3
    "Headlines of the reader's history, the most relevant, that the cross-encoder reads with each candidate."
    max_tokens: Annotated[int, Field(ge=8, le=MOST)] = 72
    "Most tokens of history and candidate together."
    half_life_hours: HalfLife = 24.0
    "Age at which an article's freshness is one half."
    half_life_hours_by_category: dict[str, HalfLife] = field(default_factory=dict)
    "The same for the categories named here, in place of half_life_hours."
    diversity: Share = 0.5
    "0 ranks by score alone; 1 ranks only by difference from the articles above (MMR)."
    calibration: Share = 0.1
    "0 ignores the categories of the reader's history; 1 ranks only by how near the list comes to them (Steck)."
    small_sources: Share = 0.0
    "Least share of the first places for small sources. The large ones are the fewest that have half of all articles."
    newest_places: Annotated[int, Field(ge=0, le=10)] = 1
    """Places of every ten that go to articles that readers have not judged yet, the best for the reader; 0 for no
    place. Such an article is at most half an hour old, or 3 hours old and hardly read, if half_life_hours is 24."""
    weights: Weights = field(default_factory=Weights)
    attention: AttentionSignal = field(default_factory=AttentionSignal)
    caps: CapsConfig = field(default_factory=CapsConfig)

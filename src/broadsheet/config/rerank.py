"""The settings of the re-ranker: the cross-encoder, the fusion of signals and the policy."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class CapsConfig:
    """Most articles of a kind in a list of any length; 0 for any number. What exceeds a cap comes after, not away."""

    category: int = 0
    "Most articles of one category; those of an unknown one are not counted together."
    source: int = 0
    "Most articles of one source; those of an unknown one are not counted together."
    story: int = 1
    "Most articles of one event."
    story_similarity: float = 0.8
    "Articles of one event have at least this inner product of their vectors."
    story_days: float = 3.0
    "Days between their publication at most, where both times are known."


@dataclass(frozen=True)
class Weights:
    """What each signal counts for in the ranking; a signal that is absent counts for nothing."""

    relevance: float = 1.0
    two_tower: float = 2.0
    popularity: float = 0.1
    click_rate: float = 0.2
    trend: float = 0.0
    co_click: float = 0.0
    freshness: float = 0.75
    affinity: float = 0.1
    subcategory_affinity: float = 0.0
    source_affinity: float = 0.0


@dataclass(frozen=True)
class RerankConfig:
    """Settings of the cross-encoder, the fusion of signals and the policy."""

    encoder: str = "asset:minilm"
    "The BERT of the cross-encoder: asset:NAME, a folder, or a hub name."
    depth: int = 60
    "Candidates that the cross-encoder reads, by retrieval score."
    headlines: int = 3
    "Most relevant history headlines that it reads with each candidate."
    max_tokens: int = 72
    "Tokens of history and candidate together."
    half_life_hours: float = 72.0
    "Age at which freshness is one half."
    half_life_hours_by_category: dict[str, float] = field(default_factory=dict)
    "The same for the articles of a category, in place of half_life_hours."
    diversity: float = 0.5
    "0 ranks by score alone, 1 by difference from the articles above alone (MMR)."
    calibration: float = 0.1
    "0 leaves the history's categories out of it, 1 ranks by how near the list's categories are to them alone (Steck)."
    small_sources: float = 0.0
    "Least share of any first places for sources other than the fewest that hold half of the articles."
    weights: Weights = field(default_factory=Weights)
    caps: CapsConfig = field(default_factory=CapsConfig)

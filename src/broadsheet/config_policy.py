"""The settings of the policy's caps."""

from dataclasses import dataclass


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

"""The settings of the nightly build: which articles are in an edition, and which edition is published."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ArticlesConfig:
    """How long articles stay in the editions; the corpus keeps them."""

    max_age_days: float = 0.0
    "An older article leaves, as of the build's clock; 0: none does. One of unknown time never leaves."
    max_age_days_by_category: dict[str, float] = field(default_factory=dict)
    "The same for the articles of a category, in place of max_age_days."


@dataclass(frozen=True)
class GateConfig:
    """Bounds of an edition: one that is beyond any is kept and not published."""

    min_recall: float = 0.95
    "Least share of the 100 articles nearest to a reader that the index finds."
    max_lost: float = 0.2
    "Largest share of the current edition's articles that may be missing; expired and withdrawn ones are not."
    max_centroid_shift: float = 0.05
    "Largest cosine distance between the mean article vectors of the current edition and of this one."
    max_changed_neighbours: float = 0.1
    "Largest share of changed neighbours, 10 of each article, among the articles whose text is the same in both."

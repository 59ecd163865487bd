"""The settings of the nightly build: which articles are in an edition, and which editions are published."""

from dataclasses import field

from broadsheet.config.section import Amount, Days, Share, section


@section
class ArticlesConfig:
    """How long articles stay in the editions. The corpus keeps every article."""

    max_age_days: Days = 0.0
    "Articles older than this are left out of a new edition; 0 keeps all. An article without a known time is kept."
    max_age_days_by_category: dict[str, Days] = field(default_factory=dict)
    "The same for the categories named here, in place of max_age_days."


@section
class GateConfig:
    """What an edition must fulfil to be published. An edition that does not is kept, and the current one stays."""

    min_recall: Share = 0.95
    "Least share of the 100 articles nearest to a reader that the index finds."
    max_lost: Share = 0.2
    "Largest share of the current edition's articles that may be missing, expired and withdrawn articles not counted."
    max_fewer: Share = 0.5
    """Largest share by which readers, stories or clicks may be fewer than in the current edition. Readers and stories
    vary by chance: a fall of at most twice the square root of their number does not count, as from 4 readers to 1."""
    max_fewer_last_day: Share = 0.8
    """Largest share by which the clicks of the last 24 hours, or the readers who clicked in them, may be fewer than on
    the quietest of the 7 days before the current edition. Measured with clock = "now", if 20 readers or more clicked on
    each of these days. 1 turns it off."""
    max_centroid_shift: Amount = 0.05
    "Largest cosine distance between the mean article vector of the current edition and that of the new one."
    max_changed_neighbours: Share = 0.1
    "Largest share of 10 nearest neighbours that may differ, among articles whose text is the same in both editions."

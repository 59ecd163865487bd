"""Every Arrow table that crosses a boundary between stages; `live_schemas` and `event_schemas` have what comes by day.

A schema carries its table name and an integer version; each field says what it holds. Any change of a name, a type or a
meaning raises the version: readers accept exactly one. Rank 1 is best. Scores: higher is better. Times: UTC. Vectors:
unit length, compared by inner product.
"""

import pyarrow as pa

from broadsheet.tables.fields import IDS, TIME, added, list_of, new_field, new_score, new_table, new_vector, struct_of
from broadsheet.tables.kept import ACTS_DONE, EMBARGO_UNTIL, EXPIRES_AT, KEPT, KNOWN_READS
from broadsheet.tables.own_scores import new_own

_USER = new_field("user_id", pa.string(), "A reader.")
_NEWS = new_field("news_id", pa.string(), "An article of the news table.")
_RANK = new_field("rank", pa.int32(), "Place in the user's list: 1 is best, and no rank is missing or stands twice.")
_ORDER = new_field("score", pa.float32(), "1 / rank: it falls with the rank, so tools that sort by it keep the order.")
_HASH = new_field("content_hash", pa.string(), "SHA-256 of the article's text and category, 16 hex digits.")

NEWS = new_table(
    "news",
    3,
    [
        new_field("news_id", pa.string(), "Unique id of the article."),
        new_field("title", pa.string(), "The publisher's headline; never empty."),
        new_field("abstract", pa.string(), "Subtitle or teaser; may be empty."),
        new_field("body", pa.string(), "Full text; may be empty."),
        new_field("category", pa.string(), "Section, such as sports; empty if unknown."),
        new_field("subcategory", pa.string(), "Part of the section, such as tennis; empty if unknown."),
        new_field("language", pa.string(), "ISO 639-1 code of the language, such as en; empty if unknown."),
        new_field("source", pa.string(), "The outlet that published the article; empty if unknown."),
        new_field("url", pa.string(), "Address of the article on the publisher's site; empty if unknown."),
        new_field("published_at", TIME, "Publication time, UTC; null if unknown.", nullable=True),
        _HASH,
        KEPT,
        EMBARGO_UNTIL,
        EXPIRES_AT,
    ],
)

CLICKS = new_table(
    "clicks",
    3,
    [
        new_field("user_id", pa.string(), "A reader; empty for a reader whom the site does not know."),
        _NEWS,
        new_field("time", TIME, "When the event happened, UTC."),
        new_field("event", pa.string(), "What was done: click, like, comment, share, save, hide, dislike or report."),
        new_field("dwell_seconds", pa.float32(), "Seconds spent reading; null if unknown.", nullable=True),
        added("scroll", pa.float32(), 2, "How far down the article the reader came, 0 (top) to 1 (end)"),
        added("region", pa.string(), 3, "Where the reader was, in the site's own words"),
    ],
)

IMPRESSIONS = new_table(
    "impressions",
    3,
    [
        new_field("impression_id", pa.string(), "Id of the impression, unique within its split."),
        _USER,
        new_field("time", TIME, "When the list was shown, UTC."),
        new_field("history", IDS, "Articles clicked before the impression, oldest first."),
        new_field("shown", IDS, "Articles shown, in the log's order."),
        new_field("clicked", list_of(pa.bool_()), "Whether each article of `shown` was clicked; empty if unknown."),
        new_field(
            "propensity",
            pa.list_(pa.float32()),
            "Probability with which each shown article was chosen, 0 to 1; null if it was not logged.",
            nullable=True,
        ),
        added("session_id", pa.string(), 2, "The visit of the reader in which the list was shown"),
        added("device", pa.string(), 2, "On what the list was shown, such as desktop, mobile or tablet"),
        added("is_subscriber", pa.bool_(), 2, "Whether the reader was a subscriber when the list was shown"),
        added("in_sight", pa.bool_(), 3, "Whether `shown` has only what is known to have come in sight on its page"),
    ],
)

USERS = new_table(
    "users",
    3,
    [
        new_field("user_id", pa.string(), "Unique id of the reader."),
        new_field("history", IDS, "Articles clicked, oldest first."),
        new_field("profile", pa.string(), "The reader's interests in free text, by the publisher; may be empty."),
        new_field("hidden", IDS, "Articles that the reader never wants to see."),
        KNOWN_READS,
        ACTS_DONE,
    ],
)

_TWO_TOWER = new_score("two_tower", "Inner product of the article and the reader's nearest interest, -1 to 1.")
_POPULARITY = new_score(
    "popularity",
    "Clicks on the article before the request, 0 to 1: older clicks count less; smoothed towards the category's.",
)
_FRESHNESS = new_score("freshness", "How new the article is at the request, 0 to 1: 0.5 ** (age / half-life).")
_CO_CLICK = new_score("co_click", "How much the same people lately clicked the article and the history, 0 to 1.")
_CLICK_RATE = new_score(
    "click_rate",
    "Logarithm of the article's click rate over the average click rate, from what was shown lately before the "
    "request; smoothed.",
)
_TREND = new_score(
    "trend",
    "Logarithm of the article's share of the clicks in the last hours before the request, over its share of the day "
    "before; smoothed.",
)
_UNSEEN = "1 / (1 + how often the reader was lately shown the article and did not click it); 0 if the reader read it"

_SOURCES = [_TWO_TOWER, _POPULARITY, _FRESHNESS, _CO_CLICK]
SOURCES = tuple(field.name for field in _SOURCES)
"""The sources of candidates."""

CANDIDATES = new_table(
    "candidates",
    8,
    [
        *(_USER, _NEWS, _RANK, _ORDER),
        new_field("fused", pa.float32(), "Weighted sum of the sources' scores for the reader, before the quotas."),
        *_SOURCES,
        _CLICK_RATE,
        _TREND,
        added("unseen", pa.float32(), 8, _UNSEEN),
        new_own("Scores of the site's own sources and signals, by name; a value is null where it cannot be known."),
    ],
)

_SIGNALS = [
    new_score("relevance", "Probability of a click by the cross-encoder, 0 to 1; estimated where pair_hash is null."),
    added("attention", pa.float32(), 8, "How likely the reader clicks the article, by the attentive scorer, 0 to 1"),
    *(_TWO_TOWER, _POPULARITY, _CLICK_RATE, _TREND, _CO_CLICK, _FRESHNESS),
    added("unseen", pa.float32(), 9, _UNSEEN),
    new_score("affinity", "Share of the reader's history that is in the article's category, 0 to 1."),
    new_score("subcategory_affinity", "Share of the reader's history that is in the article's subcategory, 0 to 1."),
    new_score("source_affinity", "Share of the reader's history that is from the article's source, 0 to 1."),
]
SIGNALS = tuple(field.name for field in _SIGNALS)
"""The signals of the ranking, which the re-ranker fuses into one score."""

RANKED = new_table(
    "ranked",
    9,
    [
        _USER,
        _NEWS,
        _RANK,
        _ORDER,
        new_field("fused", pa.float32(), "All signals fused into one number, before lists are made diverse."),
        *_SIGNALS,
        new_own("The site's own signals, by name; a value is null where it cannot be known."),
        new_field(
            "pair_hash",
            pa.string(),
            "SHA-256 of the texts that the cross-encoder read for this row, 16 hex digits; null if it read nothing.",
            nullable=True,
        ),
        new_score("probability", "Probability of a click if the article is shown, by the learned fusion, 0 to 1."),
        new_score("diversity", "1 minus the largest inner product with an article ranked above, 0 to 2."),
        new_field(
            "because_news_id",
            pa.string(),
            "The article of the history that the reason names; null if it names no article.",
            nullable=True,
        ),
        new_field("reason", pa.string(), "Why the article is shown, in a true sentence; empty for no new sentence."),
    ],
)

STORIES = new_table(
    "stories",
    1,
    [
        new_field("user_id", pa.string(), "A reader; empty for the page that new readers get."),
        _NEWS,
        _RANK,
        new_field("headline", pa.string(), "The headline for this reader."),
        new_field("summary", pa.string(), "The summary for this reader; empty if the article has only a title."),
        new_field(
            "method",
            struct_of(headline=pa.string(), summary=pa.string()),
            "How each text was made: endpoint, gpt, t5, own, extract or original; on a page also editor.",
        ),
        new_field(
            "checks",
            IDS,
            "Drafts that were refused by the fact gate or were missing, such as 'gpt summary: number 300', "
            "'endpoint summary: no answer' or 'gpt headline: no budget'; empty if there were no such drafts. On a page "
            "also 'gpt summary: not yet': a request waits for no draft.",
        ),
        new_field("model", pa.string(), "Fingerprint of the writer's model; empty if no writer was asked."),
        new_field("prompt", pa.string(), "Versions of the prompts, the fact gate and the rule that chooses drafts."),
        new_field(
            "interest",
            pa.string(),
            "The reader's interest that the texts were chosen for; empty if they were chosen for no interest.",
        ),
        _HASH,
    ],
)

DIGESTS = new_table(
    "digests",
    1,
    [
        new_field(
            "news_id",
            pa.string(),
            "The article whose story shows the digest; an article of the news table, in one row at most.",
        ),
        new_field(
            "news_ids",
            IDS,
            "The articles on the same event that the digest was made of, two or more: first `news_id` itself, then "
            "the nearest.",
        ),
        new_field("content_hashes", IDS, "The content hash of each article of `news_ids`, in their order."),
        new_field(
            "sentences",
            list_of(struct_of(text=pa.string(), part=pa.string(), news_ids=IDS)),
            "The digest in the order to read it: sentences of the articles, word for word, each with its part of the "
            "digest (happened, says or background) and the articles that contain it.",
        ),
        new_field(
            "made_of",
            pa.string(),
            "SHA-256 of the digest's rule and of the texts it read, 16 hex digits: with the same value, a digest is "
            "not made again.",
        ),
    ],
)


def news_vectors(dim: int) -> pa.Schema:
    """Return the schema of the article vectors: one unit vector of `dim` float32 values an article."""
    return new_table("news_vectors", 1, [_NEWS, _HASH, new_vector(dim)])


def user_vectors(dim: int) -> pa.Schema:
    """Return the schema of the user vectors: unit vectors of `dim` float32 values, one for each interest of a user."""
    interest = new_field(
        "interest",
        pa.int32(),
        "Number of the interest: 1, 2, 3 …; each user has the same number of interests, in rows one after the other.",
    )
    return new_table("user_vectors", 2, [_USER, interest, new_vector(dim)])


INDEX = new_table(
    "index", 1, [new_field("news_id", pa.string(), "The article of one row of the FAISS index, from row 0 on.")]
)

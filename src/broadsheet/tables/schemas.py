"""Every Arrow table that crosses a boundary between stages.

A schema carries its table name and an integer version; each field says what it holds. Any change of a name, a type or a
meaning raises the version: readers accept exactly one. Rank 1 is best. Scores: higher is better. Times: UTC. Vectors:
unit length, compared by inner product.
"""

import pyarrow as pa

from broadsheet.tables.fields import IDS, TIME, list_of, new_field, new_score, new_table, new_vector, struct_of
from broadsheet.tables.own_scores import new_own

_USER = new_field("user_id", pa.string(), "A reader.")
_NEWS = new_field("news_id", pa.string(), "An article of the news table.")
_RANK = new_field("rank", pa.int32(), "1 is best; unique and gapless per user.")
_HASH = new_field("content_hash", pa.string(), "SHA-256 of the article's text and category, 16 hex digits.")

NEWS = new_table(
    "news",
    1,
    [
        new_field("news_id", pa.string(), "Unique id of the article."),
        new_field("title", pa.string(), "The publisher's headline; never empty."),
        new_field("abstract", pa.string(), "Subtitle or teaser; may be empty."),
        new_field("body", pa.string(), "Full text; may be empty."),
        new_field("category", pa.string(), "Section, such as sports; empty where unknown."),
        new_field("subcategory", pa.string(), "Finer section; empty where unknown."),
        new_field("language", pa.string(), "ISO 639-1 code; empty where unknown."),
        new_field("source", pa.string(), "The outlet; empty where unknown."),
        new_field("url", pa.string(), "Where the publisher shows it; empty where unknown."),
        new_field("published_at", TIME, "Publication time, UTC; null where unknown.", nullable=True),
        _HASH,
    ],
)

CLICKS = new_table(
    "clicks",
    1,
    [
        _USER,
        _NEWS,
        new_field("time", TIME, "When, UTC."),
        new_field("event", pa.string(), "click, like, comment, share, save or hide."),
        new_field("dwell_seconds", pa.float32(), "Time spent reading; null where unknown.", nullable=True),
    ],
)

IMPRESSIONS = new_table(
    "impressions",
    1,
    [
        new_field("impression_id", pa.string(), "Unique within its split."),
        _USER,
        new_field("time", TIME, "When the list was shown, UTC."),
        new_field("history", IDS, "Articles clicked before the impression, oldest first."),
        new_field("shown", IDS, "Articles shown, in the log's order."),
        new_field("clicked", list_of(pa.bool_()), "One for each shown article; empty if unlabelled."),
        new_field(
            "propensity",
            pa.list_(pa.float32()),
            "Probability that each was shown; null where not logged.",
            nullable=True,
        ),
    ],
)

USERS = new_table(
    "users",
    1,
    [
        new_field("user_id", pa.string(), "Unique id of the reader."),
        new_field("history", IDS, "Articles clicked, oldest first."),
        new_field("profile", pa.string(), "What the reader said of their interests, in free text; may be empty."),
        new_field("hidden", IDS, "Articles that the reader never wants to see."),
    ],
)

_TWO_TOWER = new_score(
    "two_tower", "Inner product of the two towers, -1 to 1; the largest over the reader's interests."
)
_POPULARITY = new_score("popularity", "Time-decayed clicks as of the request, smoothed by category, 0 to 1.")
_FRESHNESS = new_score("freshness", "0.5 ** (age / half-life), 0 to 1.")
_CO_CLICK = new_score("co_click", "How far the article and the history are clicked by the same people lately, 0 to 1.")
_CLICK_RATE = new_score(
    "click_rate",
    "Logarithm of the click rate where it was shown lately, over the average; smoothed, as of the request.",
)
_TREND = new_score(
    "trend",
    "Logarithm of its share of the last hours' clicks over that of the day before; smoothed, as of the request.",
)

_SOURCES = [_TWO_TOWER, _POPULARITY, _FRESHNESS, _CO_CLICK]
SOURCES = tuple(field.name for field in _SOURCES)
"""The sources of candidates."""

CANDIDATES = new_table(
    "candidates",
    6,
    [
        _USER,
        _NEWS,
        _RANK,
        new_field("score", pa.float32(), "Weighted sum of the sources' scores for the reader."),
        *_SOURCES,
        _CLICK_RATE,
        _TREND,
        new_own("Scores of the site's own sources, by name; null where a source did not propose the article."),
    ],
)

_SIGNALS = [
    new_score("relevance", "Probability of a click by the cross-encoder, 0 to 1."),
    *(_TWO_TOWER, _POPULARITY, _CLICK_RATE, _TREND, _CO_CLICK, _FRESHNESS),
    new_score("affinity", "How much of the history is in this category, 0 to 1."),
    new_score("subcategory_affinity", "How much of the history is in this subcategory, 0 to 1."),
    new_score("source_affinity", "How much of the history is from this source, 0 to 1."),
]
SIGNALS = tuple(field.name for field in _SIGNALS)
"""The signals of the ranking, which the re-ranker fuses into one score."""

RANKED = new_table(
    "ranked",
    6,
    [
        _USER,
        _NEWS,
        _RANK,
        new_field("score", pa.float32(), "The signals fused, by weights or as learned, before the diversity pass."),
        *_SIGNALS,
        new_own("The site's own signals, by name; null where a signal cannot be known."),
        new_field(
            "pair_hash",
            pa.string(),
            "SHA-256 of what the cross-encoder read, 16 hex digits; null if it read nothing.",
            nullable=True,
        ),
        new_score("probability", "Of a click on it where it is shown, by the learned fusion, 0 to 1."),
        new_score("diversity", "1 - largest similarity to the articles ranked above, 0 to 2."),
        new_field("because_news_id", pa.string(), "The history article behind the reason.", nullable=True),
        new_field("reason", pa.string(), "One plain sentence from the largest contribution."),
    ],
)

STORIES = new_table(
    "stories",
    1,
    [
        _USER,
        _NEWS,
        _RANK,
        new_field("headline", pa.string(), "The headline for this reader."),
        new_field(
            "summary", pa.string(), "The summary for this reader; empty where the article has no text but its title."
        ),
        new_field(
            "method",
            struct_of(headline=pa.string(), summary=pa.string()),
            "How each text was made: endpoint, gpt, t5, own, extract or original.",
        ),
        new_field(
            "checks",
            IDS,
            "What the fact gate refused on the way, such as 'gpt summary: number 300', or that there was no draft: "
            "'endpoint summary: no answer', 'gpt headline: no budget'; empty if nothing.",
        ),
        new_field("model", pa.string(), "Fingerprint of the writer; empty where none was asked."),
        new_field("prompt", pa.string(), "Name and version of the prompts, of the fact gate and of the choice."),
        new_field(
            "interest",
            pa.string(),
            "What of the article the reader follows, by which the texts were chosen; may be empty.",
        ),
        _HASH,
    ],
)

DIGESTS = new_table(
    "digests",
    1,
    [
        new_field("news_id", pa.string(), "An article of the news table, whose story shows the digest; each once."),
        new_field("news_ids", IDS, "The articles on its event that were read, two or more: itself, then the nearest."),
        new_field("content_hashes", IDS, "Their content hashes."),
        new_field(
            "sentences",
            list_of(struct_of(text=pa.string(), part=pa.string(), news_ids=IDS)),
            "What they say, word for word, in the order to read it: the part (happened, says or background), and the "
            "articles that have the sentence.",
        ),
        new_field("made_of", pa.string(), "SHA-256 of the rule and of all that was read, 16 hex digits."),
    ],
)


def news_vectors(dim: int) -> pa.Schema:
    """Return the schema of the article vectors: one unit vector of `dim` float32 values an article."""
    return new_table("news_vectors", 1, [_NEWS, _HASH, new_vector(dim)])


def user_vectors(dim: int) -> pa.Schema:
    """Return the schema of the user vectors: unit vectors of `dim` float32 values, one for each interest of a user."""
    interest = new_field("interest", pa.int32(), "1, 2, 3 …: as many for each user, whose rows stand together.")
    return new_table("user_vectors", 2, [_USER, interest, new_vector(dim)])


def late_news(dim: int) -> pa.Schema:
    """Return the schema of articles added between nights: table news, with a unit vector of `dim` float32 values."""
    return new_table("late_news", 1, [*NEWS, new_vector(dim)])


WITHDRAWN = new_table(
    "withdrawn",
    1,
    [
        new_field("news_id", pa.string(), "An article that is not to be shown again; none need have it."),
        new_field("time", TIME, "When it was withdrawn, UTC."),
    ],
)

MUTES = new_table(
    "mutes",
    1,
    [
        new_field("user_id", pa.string(), "A reader; each once."),
        new_field("categories", IDS, "Categories of the news table of which the reader is shown nothing."),
        new_field("sources", IDS, "Sources of the news table of which the reader is shown nothing."),
    ],
)

PROFILES = new_table(
    "profiles",
    1,
    [
        new_field("user_id", pa.string(), "A reader; each once."),
        new_field(
            "profile", pa.string(), "The reader's own words on their interests; they count before USERS.profile."
        ),
        new_field("time", TIME, "When the reader wrote them, UTC."),
    ],
)

INDEX = new_table(
    "index", 1, [new_field("news_id", pa.string(), "The article at this row of the FAISS index; row 0 first.")]
)

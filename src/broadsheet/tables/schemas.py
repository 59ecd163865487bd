"""Every Arrow table that crosses a boundary between stages.

A schema carries its table name and an integer version; each field says what it holds. Any change of a name, a type or a
meaning raises the version: readers accept exactly one. Rank 1 is best. Scores: higher is better. Times: UTC. Vectors:
unit length, compared by inner product.
"""

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")


def list_of(kind: pa.DataType) -> pa.DataType:
    """Return the type of a list without nulls."""
    return pa.list_(pa.field("item", kind, nullable=False))


def _struct(**kinds: pa.DataType) -> pa.DataType:
    return pa.struct([pa.field(name, kind, nullable=False) for name, kind in kinds.items()])


IDS = list_of(pa.string())


def _table(name: str, version: int, fields: list[pa.Field]) -> pa.Schema:
    return pa.schema(fields, metadata={"table": name, "version": str(version)})


def _field(name: str, kind: pa.DataType, doc: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"doc": doc})


def _signal(name: str, doc: str) -> pa.Field:
    return _field(name, pa.float32(), doc + " Null where it cannot be known.", nullable=True)


_USER = _field("user_id", pa.string(), "A reader.")
_NEWS = _field("news_id", pa.string(), "An article of the news table.")
_RANK = _field("rank", pa.int32(), "1 is best; unique and gapless per user.")
_HASH = _field("content_hash", pa.string(), "SHA-256 of the article's text and category, 16 hex digits.")

NEWS = _table(
    "news",
    1,
    [
        _field("news_id", pa.string(), "Unique id of the article."),
        _field("title", pa.string(), "The publisher's headline; never empty."),
        _field("abstract", pa.string(), "Subtitle or teaser; empty where there is none."),
        _field("body", pa.string(), "Full text; empty where there is none."),
        _field("category", pa.string(), "Section, such as sports; empty where unknown."),
        _field("subcategory", pa.string(), "Finer section; empty where unknown."),
        _field("language", pa.string(), "ISO 639-1 code; empty where unknown."),
        _field("source", pa.string(), "The outlet; empty where unknown."),
        _field("url", pa.string(), "Where the publisher shows it; empty where unknown."),
        _field("published_at", TIME, "Publication time, UTC; null where unknown.", nullable=True),
        _HASH,
    ],
)

CLICKS = _table(
    "clicks",
    1,
    [
        _USER,
        _NEWS,
        _field("time", TIME, "When, UTC."),
        _field("event", pa.string(), "click, like, comment, share, save or hide."),
        _field("dwell_seconds", pa.float32(), "Time spent reading; null where unknown.", nullable=True),
    ],
)

IMPRESSIONS = _table(
    "impressions",
    1,
    [
        _field("impression_id", pa.string(), "Unique within its split."),
        _USER,
        _field("time", TIME, "When the list was shown, UTC."),
        _field("history", IDS, "Articles clicked before the impression, oldest first."),
        _field("shown", IDS, "Articles shown, in the log's order."),
        _field("clicked", list_of(pa.bool_()), "One for each shown article; empty if unlabelled."),
        _field(
            "propensity",
            pa.list_(pa.float32()),
            "Probability that each was shown; null where not logged.",
            nullable=True,
        ),
    ],
)

USERS = _table(
    "users",
    1,
    [
        _field("user_id", pa.string(), "Unique id of the reader."),
        _field("history", IDS, "Articles clicked, oldest first."),
        _field("profile", pa.string(), "What the reader said of their interests, in free text; may be empty."),
        _field("hidden", IDS, "Articles that the reader never wants to see."),
    ],
)

_CO_CLICK = "How far the article and the history are clicked by the same people lately, 0 to 1."
_CLICK_RATE = "Logarithm of the click rate where it was shown lately, over the average; smoothed, as of the request."
_TREND = "Logarithm of its share of the last hours' clicks over that of the day before; smoothed, as of the request."
CANDIDATES = _table(
    "candidates",
    4,
    [
        _USER,
        _NEWS,
        _RANK,
        _field("score", pa.float32(), "Weighted sum of the sources' scores for the reader."),
        _signal("ann", "Inner product of the two towers, -1 to 1; the largest over the reader's interests."),
        _signal("trending", "Time-decayed clicks as of the request, smoothed by category, 0 to 1."),
        _signal("fresh", "0.5 ** (age / half-life), 0 to 1."),
        _signal("co_click", _CO_CLICK),
        _signal("click_rate", _CLICK_RATE),
        _signal("trend", _TREND),
    ],
)

RANKED = _table(
    "ranked",
    4,
    [
        _USER,
        _NEWS,
        _RANK,
        _field("score", pa.float32(), "The signals fused, by weights or as learned, before the diversity pass."),
        _signal("relevance", "Probability of a click by the cross-encoder, 0 to 1."),
        _field("pair_hash", pa.string(), "SHA-256 of what it read, 16 hex digits; null if nothing.", nullable=True),
        _signal("tower", "Inner product of the two towers, -1 to 1."),
        _signal("popularity", "Time-decayed clicks as of the request, 0 to 1."),
        _signal("freshness", "0.5 ** (age / half-life), 0 to 1."),
        _signal("click_rate", _CLICK_RATE),
        _signal("trend", _TREND),
        _signal("co_click", _CO_CLICK),
        _signal("affinity", "How much of the history is in this category, 0 to 1."),
        _signal("subcategory_affinity", "How much of the history is in this subcategory, 0 to 1."),
        _signal("source_affinity", "How much of the history is from this source, 0 to 1."),
        _signal("probability", "Of a click on it where it is shown, by the learned fusion, 0 to 1."),
        _signal("diversity", "1 - largest similarity to the articles ranked above, 0 to 2."),
        _field("because_news_id", pa.string(), "The history article behind the reason.", nullable=True),
        _field("reason", pa.string(), "One plain sentence from the largest contribution."),
    ],
)

STORIES = _table(
    "stories",
    1,
    [
        _USER,
        _NEWS,
        _RANK,
        _field("headline", pa.string(), "The headline for this reader."),
        _field(
            "summary", pa.string(), "The summary for this reader; empty where the article has no text but its title."
        ),
        _field(
            "method",
            _struct(headline=pa.string(), summary=pa.string()),
            "How each text was made: endpoint, gpt, t5, extract or original.",
        ),
        _field(
            "checks",
            IDS,
            "What the fact gate refused on the way, such as 'gpt summary: number 300', or that there was no draft: "
            "'endpoint summary: no answer', 'gpt headline: no budget'; empty if nothing.",
        ),
        _field("model", pa.string(), "Fingerprint of the writer; empty where none was asked."),
        _field("prompt", pa.string(), "Name and version of the prompts, of the fact gate and of the choice."),
        _field(
            "interest",
            pa.string(),
            "What of the article the reader follows, by which the texts were chosen; may be empty.",
        ),
        _HASH,
    ],
)

DIGESTS = _table(
    "digests",
    1,
    [
        _field("news_id", pa.string(), "An article of the news table, whose story shows the digest; each once."),
        _field("news_ids", IDS, "The articles on its event that were read, two or more: itself, then the nearest."),
        _field("content_hashes", IDS, "Their content hashes."),
        _field(
            "sentences",
            list_of(_struct(text=pa.string(), part=pa.string(), news_ids=IDS)),
            "What they say, word for word, in the order to read it: the part (happened, says or background), and the "
            "articles that have the sentence.",
        ),
        _field("made_of", pa.string(), "SHA-256 of the rule and of all that was read, 16 hex digits."),
    ],
)


def news_vectors(dim: int) -> pa.Schema:
    """Return the schema of the article vectors: one unit vector of `dim` float32 values an article."""
    return _table("news_vectors", 1, [_NEWS, _HASH, _vector(dim)])


def user_vectors(dim: int) -> pa.Schema:
    """Return the schema of the user vectors: unit vectors of `dim` float32 values, one for each interest of a user."""
    interest = _field("interest", pa.int32(), "1, 2, 3 …: as many for each user, whose rows stand together.")
    return _table("user_vectors", 2, [_USER, interest, _vector(dim)])


def late_news(dim: int) -> pa.Schema:
    """Return the schema of articles added between nights: table news, with a unit vector of `dim` float32 values."""
    return _table("late_news", 1, [*NEWS, _vector(dim)])


WITHDRAWN = _table(
    "withdrawn",
    1,
    [
        _field("news_id", pa.string(), "An article that is not to be shown again; none need have it."),
        _field("time", TIME, "When it was withdrawn, UTC."),
    ],
)

MUTES = _table(
    "mutes",
    1,
    [
        _field("user_id", pa.string(), "A reader; each once."),
        _field("categories", IDS, "Categories of the news table of which the reader is shown nothing."),
        _field("sources", IDS, "Sources of the news table of which the reader is shown nothing."),
    ],
)

PROFILES = _table(
    "profiles",
    1,
    [
        _field("user_id", pa.string(), "A reader; each once."),
        _field("profile", pa.string(), "The reader's own words on their interests; they count before USERS.profile."),
        _field("time", TIME, "When the reader wrote them, UTC."),
    ],
)

INDEX = _table("index", 1, [_field("news_id", pa.string(), "The article at this row of the FAISS index; row 0 first.")])


def _vector(dim: int) -> pa.Field:
    kind = pa.list_(pa.field("item", pa.float32(), nullable=False), dim)
    return _field("vector", kind, "Unit length; all zeros for a user of whom nothing is known.")

"""The Arrow tables that change between two nights: articles added and withdrawn, and what readers say and choose."""

import pyarrow as pa

from broadsheet.tables.fields import IDS, TIME, list_of, new_field, new_table, new_vector, struct_of
from broadsheet.tables.schemas import NEWS


def late_news(dim: int) -> pa.Schema:
    """Return the schema of articles added between nights: table news, with a unit vector of `dim` float32 values."""
    return new_table("late_news", 3, [*NEWS, new_vector(dim)])


WITHDRAWN = new_table(
    "withdrawn",
    1,
    [
        new_field(
            "news_id", pa.string(), "Id of an article that is not shown again; it need not be in the news table."
        ),
        new_field("time", TIME, "When it was withdrawn, UTC."),
    ],
)

MUTES = new_table(
    "mutes",
    1,
    [
        new_field("user_id", pa.string(), "A reader, in one row at most."),
        new_field("categories", IDS, "Categories whose articles the reader is not shown."),
        new_field("sources", IDS, "Sources whose articles the reader is not shown."),
    ],
)

FOLLOWS = new_table(
    "follows",
    1,
    [
        new_field("user_id", pa.string(), "A reader, in one row at most."),
        new_field(
            "follows",
            list_of(struct_of(field=pa.string(), name=pa.string())),
            "What the reader chose to follow, in that order: a category, subcategory, source or topic.",
        ),
    ],
)

PROFILES = new_table(
    "profiles",
    1,
    [
        new_field("user_id", pa.string(), "A reader, in one row at most."),
        new_field(
            "profile",
            pa.string(),
            "The reader's own words on their interests; they count instead of the profile in the users table.",
        ),
        new_field("time", TIME, "When the reader wrote them, UTC."),
    ],
)

FORGOTTEN = new_table(
    "forgotten",
    1,
    [
        new_field(
            "key",
            pa.string(),
            "HMAC-SHA256 of a reader's id with the newsroom's own key, 64 hex digits; the id itself is not kept.",
        ),
        new_field("time", TIME, "When the reader was forgotten, UTC; what the reader did until then is not known."),
        new_field(
            "state",
            pa.string(),
            "begun, hidden (also what the reader chose and wrote is gone), or gone (nothing is in any file).",
        ),
        new_field(
            "models",
            list_of(struct_of(name=pa.string(), trained_at=pa.string())),
            "Trained models that read clicks of the reader, by folder, and when each was trained.",
        ),
    ],
)

ORDERS = new_table(
    "orders",
    1,
    [
        new_field("number", pa.int64(), "1, 2, 3 …, in the order of the changes; none is missing."),
        new_field("time", TIME, "When the change was made, UTC."),
        new_field("editor", pa.string(), "Who made it: the name of a user or an API key."),
        new_field(
            "order_id", pa.string(), "The order that was changed: 16 hex digits of its kind and what it is about."
        ),
        new_field("order", pa.string(), "The order from then on, as JSON; empty where it was taken off."),
        new_field("note", pa.string(), "What the fact gate found of words that were published anyway; else empty."),
        new_field("undoes", pa.int64(), "The number of the change that it undoes; 0 if it undoes none."),
    ],
)

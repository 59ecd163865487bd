"""Texts of earlier STORIES tables, found by what they were written for: an article's content and an interest."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TEXTS = ("headline", "summary", "method", "checks")

Asked = tuple[Mapping[str, Any], str]
"""An article and an interest for which a text is needed."""
Key = tuple[str, str]
"""The article's content hash and the interest: a text is kept under both."""


def key_of(asked: Asked) -> Key:
    """Return the key of a text: its article's content hash and its interest."""
    return asked[0]["content_hash"], asked[1]


def distinct_texts(stories: pa.Table) -> pa.Table:
    """Return a STORIES table without the rows that `known_texts` never reads: of rows of one text, the first stays.

    Many readers are shown the same text: a table of 40,000 rows may have some hundred texts.
    """
    names = ["content_hash", "interest", "model", "prompt"]
    numbered = stories.select(names).append_column("row", pa.array(np.arange(len(stories))))
    first = numbered.group_by(names).aggregate([("row", "min")])["row_min"]
    return stories.take(pa.array(np.sort(first), pa.int64()))


def known_texts(
    known: pa.Table, asked: Sequence[Asked], model: str, prompt: str, *, any_interest: bool = False
) -> dict[Key, Mapping[str, Any]]:
    """Return the texts that the STORIES table `known` has by this model and prompt, by the keys of what is asked.

    With `any_interest`, a text that was chosen for another interest is taken where the table has no better one.
    """
    keys = set(map(key_of, asked))
    same = pc.and_(pc.equal(known["model"], model), pc.equal(known["prompt"], prompt))
    wanted = pa.array({content for content, _ in keys}, pa.string())
    kept = known.filter(pc.and_(same, pc.is_in(known["content_hash"], value_set=wanted)))
    joined = pc.binary_join_element_wise(kept["content_hash"], kept["interest"], " ")
    _, first = np.unique(joined.to_numpy(zero_copy_only=False).astype(np.str_), return_index=True)
    rows = kept.take(pa.array(first)).select(["content_hash", "interest", *_TEXTS]).to_pylist()
    found = {(row["content_hash"], row["interest"]): {name: row[name] for name in _TEXTS} for row in rows}
    others = {content: text for (content, _), text in reversed(found.items())} if any_interest else {}
    chosen = {key: found.get(key, others.get(key[0])) for key in keys}
    return {key: text for key, text in chosen.items() if text is not None}

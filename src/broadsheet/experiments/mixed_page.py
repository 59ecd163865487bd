"""A page with articles of two arms: the stories of both, interleaved."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import pyarrow as pa

from broadsheet.experiments.interleaving import SECOND, team_draft


class MixedStories(NamedTuple):
    """The stories of an interleaved page."""

    stories: pa.Table
    "A table of PAGE_STORIES; each story has its score by the ranker that put it."
    teams: str
    "Who put each of the first articles; see `team_draft`."


def mixed_stories(first: pa.Table, second: pa.Table, seed: int) -> MixedStories:
    """Return the stories of two pages of a reader as one page, as long as the longer of the two."""
    ids = [page.column("news_id").to_pylist() for page in (first, second)]
    draft = team_draft(ids[0], ids[1], max(map(len, ids)), seed)
    rows = [{news_id: row for row, news_id in enumerate(side)} for side in ids]
    taken = []
    for slot, news_id in enumerate(draft.order):
        is_second = news_id not in rows[0] or (draft.teams[slot : slot + 1] == SECOND)
        taken.append(len(first) + rows[1][news_id] if is_second else rows[0][news_id])
    stories = pa.concat_tables([first, second]).take(pa.array(taken, pa.int64()))
    place, rank = stories.schema.get_field_index("rank"), stories.schema.field("rank")
    return MixedStories(
        stories.set_column(place, rank, pa.array(range(1, len(stories) + 1), rank.type)).combine_chunks(), draft.teams
    )


def draft_seed(experiment: str, user_id: str, as_of: datetime) -> int:
    """Return the seed of a reader's interleaved page: the same whenever the page is asked for as of the same time."""
    named = json.dumps([experiment, user_id, as_of.isoformat()]).encode()
    return int.from_bytes(sha256(named).digest()[:8]) >> 1

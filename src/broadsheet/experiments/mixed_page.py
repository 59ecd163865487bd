"""A page with articles of two arms: the stories of both, interleaved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa

from broadsheet.config.rerank import CapsConfig
from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.same_event import of_one_event
from broadsheet.corpus.same_text import SameTexts
from broadsheet.experiments.interleaving import SECOND, Alike, draft_probabilities, team_draft
from broadsheet.pages.page import Page

NO_SLOTS: Mapping[int, str] = {}
POLICY = "team-draft"
"""The policy that an interleaved page names: it has no other exploration."""


def mixed_page(first: Page, second: Page, alike: Alike, slots: Mapping[int, str] = NO_SLOTS) -> tuple[Page, str]:
    """Return one page of the stories of two pages of a reader, and who put each; see `team_draft`.

    It is as long as the longer page, and has the id and the look of the first. Each story has its score by the ranker
    that put it, and its true probabilities. `slots` are articles by the slot that an editor gave them, which they keep
    where both pages have them there.
    """
    ids = [page.stories.column("news_id").to_pylist() for page in (first, second)]
    stay = {slot: one for slot, one in sorted(slots.items()) if all(side[slot - 1 : slot] == [one] for side in ids)}
    free = [[news_id for news_id in side if news_id not in stay.values()] for side in ids]
    draft = team_draft(free[0], free[1], max(map(len, free)), first.seed, alike)
    chances = draft_probabilities(free[0], free[1], draft.order, alike)
    for slot, news_id in stay.items():
        draft = draft.with_fixed(slot, news_id)
        for chance in chances:
            chance.insert(slot - 1, 1.0)
    rows = [{news_id: row for row, news_id in enumerate(side)} for side in ids]
    taken = []
    for slot, news_id in enumerate(draft.order):
        is_second = news_id not in rows[0] or draft.teams[slot : slot + 1] == SECOND
        taken.append(len(ids[0]) + rows[1][news_id] if is_second else rows[0][news_id])
    stories = pa.concat_tables([first.stories, second.stories]).take(pa.array(taken, pa.int64()))
    columns = {"rank": [*range(1, len(stories) + 1)], "propensity": chances[0], "conditional": chances[1]}
    for name, values in columns.items():
        place, field = stories.schema.get_field_index(name), stories.schema.field(name)
        stories = stories.set_column(place, field, pa.array(values, field.type))
    return replace(first, stories=stories.combine_chunks(), policy=POLICY, explored=0), draft.teams


def alike_articles(catalogue: Catalogue, pages: tuple[Page, Page], caps: CapsConfig) -> Alike:
    """Return which articles of two pages a page should not have together: of one text, or of one event if caps ask so.

    The other caps hold for the page of each arm, not for the interleaved page.
    """
    ids = list(dict.fromkeys(news_id for page in pages for news_id in page.stories.column("news_id").to_pylist()))
    rows = np.array(catalogue.rows(ids), np.int64)
    vectors = catalogue.vectors_of(rows)
    likeness = vectors @ vectors.T
    found = SameTexts(catalogue).copies(rows, rows, likeness)
    if caps.story == 1:
        times = catalogue.published_at[rows]
        found |= of_one_event(likeness, times, times[:, None], similarity=caps.story_similarity, days=caps.story_days)
    np.fill_diagonal(found, False)
    return {ids[row]: {ids[other] for other in np.flatnonzero(found[row])} for row in np.flatnonzero(found.any(axis=1))}

"""How the stories of a newsroom's pages are told: by its writer, for what readers follow, or at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.generate import GenerateConfig
from broadsheet.newsroom import Edition
from broadsheet.tables.parts import parts_of
from broadsheet.workbench.interests import interests

if TYPE_CHECKING:
    from broadsheet.generate import StoryWriter, Write, Writer
    from broadsheet.generate.stories.budget import Budget
    from broadsheet.generate.stories.choice import Encode
    from broadsheet.generate.stories.story_writer import Interest
    from broadsheet.workbench.workbench import Workbench


READERS = 1 << 16
"""Readers whose topics are kept while stories are told, some hundred bytes each."""


def story_writer(bench: Workbench, k: int, seconds: float = math.inf) -> StoryWriter:
    """Return the story writer for the k best articles of each user.

    With `seconds`, the writer is for one page, whose drafts all come within these seconds from now or not at all.
    """

    def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return bench.news_tower(texts)  # opened when there is something to choose between

    writer = bench.writer
    write = writer.within(seconds) if writer is not None and seconds < math.inf else writer
    return story_writer_with(writer, encode, bench.config.generate, k=k, write=write)


def story_writer_with(
    writer: Writer | None, encode: Encode, settings: GenerateConfig, *, k: int, write: Write | None = None
) -> StoryWriter:
    """Return the story writer that drafts with `writer` and chooses between drafts by the vectors of `encode`.

    `write` is called in place of the writer, for instance the same writer with a time limit. Without a writer all
    stories are in the publisher's words.
    """
    from broadsheet.generate import Chooser, StoryWriter

    if writer is None:
        return StoryWriter(None, k=k, summary_words=settings.summary_words)
    return StoryWriter(
        write or writer,
        method=writer.method,
        model=writer.model,
        k=k,
        summary_words=settings.summary_words,
        drafts=writer.drafts,
        choose=Chooser(encode, settings.choice, writer.log_likelihoods),
    )


def story_budget(bench: Workbench, out: Edition) -> Budget:
    """Return what a build may spend on the stories of an edition, less what it spent before it was killed.

    It counts from now, and what this process's writer reads and writes.
    """
    from broadsheet.generate.stories.budget import Budget

    settings, writer = bench.config.generate, bench.writer
    return Budget(
        parts_of(out.stories),
        minutes=settings.minutes,
        tokens=writer.budget if writer else 0,
        tokens_of=lambda: writer.spent_tokens if writer else 0,
    )


def interests_in(bench: Workbench, users: pa.Table) -> Interest:
    """Return what finds, for the readers of a table users, what of an article they follow."""
    from broadsheet.generate import Interests

    row_of = {user_id: row for row, user_id in enumerate(users.column("user_id").to_pylist())}

    @lru_cache(maxsize=READERS)  # a build asks for a block, and again for the whole
    def follows(user_id: str) -> list[str]:
        if user_id not in row_of:
            return []
        (user,), catalogue = users.slice(row_of[user_id], 1).to_pylist(), bench.catalogue
        return interests(user, catalogue.news, catalogue.rows(user["history"]))

    def vectors_of(news_ids: Sequence[str]) -> npt.NDArray[np.float32]:
        return bench.catalogue.vectors_of(bench.catalogue.rows(list(news_ids)))

    return Interests(follows, lambda topics: bench.news_tower(topics), vectors_of)


def tell_at_once(ranked: pa.Table, known: pa.Table, bench: Workbench, k: int) -> pa.Table:
    """Return the stories of a RANKED table without a draft of the writer, which takes seconds for each.

    They are those of the STORIES table `known`, and else in the publisher's words or extracts.
    """
    from broadsheet.generate import StoryWriter

    writer, news = story_writer(bench, k), bench.catalogue.news
    own = StoryWriter(None, k=k, summary_words=bench.config.generate.summary_words)
    asked, of_row = writer.asked(ranked, news)
    lacking = pa.array(writer.lacks(asked, known, any_interest=True)[of_row])
    told = writer(ranked.filter(pc.invert(lacking)), news, known=known, any_interest=True)
    return pa.concat_tables([told, own(ranked.filter(lacking), news)])

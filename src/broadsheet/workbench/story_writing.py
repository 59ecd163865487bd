"""Making the story writer of a newsroom: its language model, its budget, and the interests of its readers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.config.generate import GenerateConfig
from broadsheet.readers.state import ReaderState, reader_states
from broadsheet.tables.files import parts_of
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.interests import find_topics, interests
from broadsheet.workbench.models import EditionModels

if TYPE_CHECKING:
    from broadsheet.generate import StoryWriter, Write, Writer
    from broadsheet.generate.extracts.topics import Topic
    from broadsheet.generate.stories.budget import Budget
    from broadsheet.generate.stories.choice import Encode
    from broadsheet.generate.stories.story_writer import Interest


READERS = 1 << 16
"""Readers whose interests stay in memory while stories are written, some hundred bytes each."""


def story_writer(models: EditionModels, k: int, seconds: float = math.inf) -> StoryWriter:
    """Return the story writer for the k best articles of each reader.

    With `seconds`, the writer is for one request: a draft that does not come within these seconds from now is not used.
    With 0 seconds, or with a writer that no reader may wait for, nothing is drafted.
    """

    def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return models.news_tower(texts)  # the model is opened only when there are drafts to choose between

    def ask(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return models.news_tower.queries(texts)

    writer = models.writer
    write = writer.within(seconds) if writer is not None and 0 < seconds < math.inf else writer
    drafting = seconds > 0 and write is not None
    return story_writer_with(writer, encode, models.config.generate, k=k, ask=ask, write=write, drafting=drafting)


def story_writer_with(
    writer: Writer | None,
    encode: Encode,
    settings: GenerateConfig,
    *,
    k: int,
    ask: Encode | None = None,
    write: Write | None = None,
    drafting: bool = True,
) -> StoryWriter:
    """Return the story writer that drafts with `writer` and chooses between drafts by the vectors of `encode`.

    `ask` encodes readers' interests; None if `encode` does.
    `write` is called instead of the writer, for instance the same writer with a time limit. Without `drafting` neither
    is called. If `writer` is None, all stories are in the publisher's words.
    """
    from broadsheet.generate import Chooser, StoryWriter

    if writer is None:
        return StoryWriter(None, k=k, summary_words=settings.summary_words)
    # A function of the site's own says itself which articles keep the publisher's headline: it returns None for them.
    is_asked = writer.method == "own" and settings.headlines == "publisher"
    return StoryWriter(
        write or writer,
        method=writer.method,
        model=writer.model,
        k=k,
        summary_words=settings.summary_words,
        drafts=writer.drafts,
        choose=Chooser(encode, settings.choice, writer.log_likelihoods, ask),
        drafting=drafting,
        headlines="personal" if is_asked else settings.headlines,
    )


def story_budget(models: EditionModels, stories: Path) -> Budget:
    """Return what may be spent on a table of stories, less what was spent on its parts already.

    Minutes count from now, and tokens as the writer of this process reads and writes them. What the drafts bought
    is counted in all parts of the stories, whoever wrote them.
    """
    from broadsheet.generate.stories.bought import Bought
    from broadsheet.generate.stories.budget import Budget

    settings, writer, parts = models.config.generate, models.writer, parts_of(stories)
    least = 0.0 if models.own.writer is not None else settings.least_kept
    return Budget(
        parts,
        bought=Bought(parts, model=writer.model if writer else "", least=least),
        minutes=settings.minutes,
        tokens=writer.budget if writer else 0,
        tokens_of=lambda: writer.spent_tokens if writer else 0,
    )


def interests_in(
    data: EditionData,
    models: EditionModels,
    reader_of: Callable[[str], ReaderState | None],
    topics: Callable[[ReaderState], Sequence[Topic]],
) -> Interest:
    """Return a function from readers and articles to the reader's interest in each article.

    `reader_of` returns the reader with an id, None for an unknown id; `topics` returns the topics of a reader's
    history.
    """
    from broadsheet.generate import FollowedTopics

    @lru_cache(maxsize=READERS)  # a build asks for each reader twice: for a block of stories, and for all stories
    def follows(user_id: str) -> list[str]:
        reader = reader_of(user_id)
        return [] if reader is None else interests(reader, topics(reader))

    def vectors_of(news_ids: Sequence[str]) -> npt.NDArray[np.float32]:
        catalogue = data.catalogue  # opened when a topic is compared with an article
        return catalogue.vectors_of(catalogue.rows(list(news_ids)))

    return FollowedTopics(follows, lambda texts: models.news_tower.queries(texts), vectors_of)


def interests_of_users(data: EditionData, models: EditionModels, users: pa.Table) -> Interest:
    """Return the function of `interests_in` for the readers of a table users; a reader's state is made when needed."""
    row_of = {user_id: row for row, user_id in enumerate(users.column("user_id").to_pylist())}

    def reader_of(user_id: str) -> ReaderState | None:
        row = row_of.get(user_id)
        return None if row is None else reader_states(users.slice(row, 1), data.catalogue)[0]

    return interests_in(data, models, reader_of, lambda reader: find_topics(data.catalogue.news, reader))

"""Writes the texts of articles that pages wanted and no edition had, and keeps them in a table of their own."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.generate.stories.budget import Budget
from broadsheet.generate.stories.edition_stories import texts_of, write_lacking
from broadsheet.generate.stories.story_writer import StoryWriter
from broadsheet.tables.arrow_files import from_rows, write_table
from broadsheet.tables.files import parts_of
from broadsheet.tables.schemas import RANKED, STORIES

MOST = 10_000
"""Texts that are kept, the latest: about 5 MB, which each process that serves pages holds in memory."""


class LateStories(NamedTuple):
    """What became of the articles that pages wanted."""

    wanted: int
    "Articles that pages wanted, and that are still in the newsroom."
    written: int
    "Articles whose texts were written now."
    left: int
    "Articles without an answer of the writer yet: the budget ended, or the writer gave no draft."
    line: str
    "The three numbers in a line for people, and why drafting stopped."


def write_late_stories(
    writer: StoryWriter, wanted: Sequence[str], news: pa.Table, out: Path, *, known: Sequence[Path], budget: Budget
) -> LateStories:
    """Write the texts that the STORIES files `out` and `known` lack for the articles `wanted`, and keep them in `out`.

    The first articles of `wanted` are written first. Each block is a part of `out` before it is in `out`, so a kill
    loses one block at most; the parts stay. A text that the gate refused is kept too, as the extract that is shown
    instead, so that it is not drafted again. `out` loses the texts of articles that are not in the table `news`.
    """
    before = texts_of([out, *known])
    rest = {"user_id": "", "rank": 1, "score": 0.0, "fused": 0.0, "reason": ""}
    rows = [rest | {"news_id": news_id, "popularity": -float(place)} for place, news_id in enumerate(wanted)]
    asked = from_rows(rows, RANKED)
    lacked = _lacking(writer, asked, news, pa.concat_tables([before, texts_of(_parts(out))]))
    write_lacking(writer, asked, news, out, before, interest=None, budget=budget)
    left = _lacking(writer, asked, news, pa.concat_tables([before, texts_of(_parts(out))]))
    _keep(texts_of([out, *_parts(out)]), out, news, writer.model)
    said = (
        f"{len(wanted)} stories wanted by pages: {lacked - left} written now, {len(wanted) - lacked} known, {left} left"
    )
    if left and budget.is_used_up():
        said += f"; the budget of {budget} is spent"
    elif left and budget.bought.is_too_little():
        said += f"; drafting stopped, since {budget.bought} articles kept a draft (generate.least_kept)"
    return LateStories(len(wanted), lacked - left, left, said)


def _parts(out: Path) -> list[Path]:
    return sorted(parts_of(out).glob("*.arrow"))


def _lacking(writer: StoryWriter, asked: pa.Table, news: pa.Table, texts: pa.Table) -> int:
    return int(writer.lacks(writer.asked(asked, news)[0], texts).sum()) if writer.model else 0


def _keep(texts: pa.Table, out: Path, news: pa.Table, model: str) -> None:
    """Write the last text of each article of `news`, the latest MOST of them, unless `out` holds just these."""
    is_of_news = pc.is_in(texts["content_hash"], value_set=news["content_hash"].combine_chunks())
    fit = texts.filter(pc.and_(is_of_news, pc.equal(texts["model"], model)) if model else is_of_news)
    newest_first = fit["content_hash"].to_numpy(zero_copy_only=False)[::-1].astype(np.str_)
    _, first = np.unique(newest_first, return_index=True)
    kept = fit.take(pa.array(np.sort(len(fit) - 1 - first)[-MOST:], pa.int64()))
    if len(kept) or out.is_file():
        if not kept.equals(texts_of([out])):
            write_table(out, kept, STORIES, model=model)

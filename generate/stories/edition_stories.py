"""Writes the stories of an edition, from the files of its ranked table and its articles.

Texts are written a block of articles at a time, the articles on most pages first. Each block is a part file until the
table is whole: a kill loses one block, and where a budget ends, the articles on the fewest pages go without a draft.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError
from broadsheet.generate.stories.budget import Budget
from broadsheet.generate.stories.missing_drafts import NO_ANSWER, NO_BUDGET, answered, lacks_a_draft
from broadsheet.generate.stories.story_writer import Interest, StoryWriter
from broadsheet.generate.text.articles import first_ranks
from broadsheet.newsroom import Edition
from broadsheet.progress import track
from broadsheet.tables.arrow_files import empty, read_table, write_table
from broadsheet.tables.files import remove_folder
from broadsheet.tables.parts import first_free_number, part_path, parts_of
from broadsheet.tables.schemas import NEWS, RANKED, STORIES

log = logging.getLogger(__name__)

BLOCK = 32
"How many articles are written, and kept, at a time."


def generate_files(
    writer: StoryWriter,
    edition: Edition,
    out: Path,
    *,
    known: Sequence[Path] = (),
    interest: Interest | None = None,
    budget: Budget | None = None,
) -> str:
    """Write the stories of an edition's ranked table to `out`; return a line that says how the texts were made.

    Texts are taken over from the stories files `known`, those that cannot be read left out, and from what a killed run
    left beside `out`. A text that lacks a draft is not taken over: its draft is asked for once more. Once the `budget`
    is spent, nothing is drafted. Raises ContractError if the edition's ranked or news table is not as expected.
    """
    ranked, news = read_table(edition.ranked, RANKED), read_table(edition.news, NEWS)
    parts, earlier = parts_of(out), _earlier(known, out)
    budget = budget or Budget(parts)

    def write(block: Sequence[int]) -> pa.Table:
        return writer(ranked.take(block), news, known=earlier, interest=interest)

    blocks = _lacking_blocks(writer, ranked, news, earlier, interest) if writer.model else []
    texts = pa.concat_tables([earlier, *_write_parts(blocks, write, parts, budget)])
    stories = writer(ranked, news, known=texts, interest=interest, spent=budget.is_spent())
    write_table(out, stories, STORIES, model=writer.model)
    remove_folder(parts)
    _say_what_is_left(stories, budget)
    return _report(stories) + (f"; {_taken_over(stories, earlier)} taken over" if writer.model and len(stories) else "")


def _write_parts(
    blocks: Sequence[Sequence[int]],
    write: Callable[[Sequence[int]], pa.Table],
    folder: Path,
    budget: Budget,
) -> Iterator[pa.Table]:
    """Write the texts of one block after another, and yield them, until the budget ends.

    The cost of an interrupted block is counted too.
    """
    first = first_free_number(folder)
    for number, block in enumerate(track(blocks, "Writing stories", total=len(blocks) * BLOCK, weight=BLOCK), first):
        if budget.is_spent():
            return
        try:
            part = write(block)
            write_table(part_path(folder, number), part, STORIES)
        finally:
            budget.count()
        yield part


def stories_to_write(
    writer: StoryWriter,
    ranked: pa.Table,
    news: pa.Table,
    out: Path,
    *,
    known: Sequence[Path] = (),
    interest: Interest | None = None,
) -> list[list[int]]:
    """Return the rows of the ranked table, block by block, whose articles `generate_files` would draft.

    Another process can give such a block of rows to the writer, and write the stories as a part of `out`. Then
    `generate_files` takes all of these texts over; they are the same that it would have written alone.
    """
    return _lacking_blocks(writer, ranked, news, _earlier(known, out), interest)


def _earlier(known: Sequence[Path], out: Path) -> pa.Table:
    """Return the texts of earlier files, and of the parts that a killed run left beside `out`."""
    return pa.concat_tables([empty(STORIES), *_readable([*known, *sorted(parts_of(out).glob("*.arrow"))])])


def _lacking_blocks(
    writer: StoryWriter, ranked: pa.Table, news: pa.Table, texts: pa.Table, interest: Interest | None
) -> list[list[int]]:
    """Return the first row, among the ranks 1 to k, of each article and interest that `texts` lacks.

    The rows come in blocks of BLOCK articles, articles on most pages first. Articles that `texts` has count towards a
    block too, so that blocks are the same whatever was written already.
    """
    kept, rows = np.flatnonzero(np.asarray(ranked["rank"]) <= writer.k), first_ranks(ranked, writer.k)
    asked, of_row = writer.asked(rows, news, interest)
    _, first = np.unique(of_row, return_index=True)
    place_of = _most_read_first(rows)
    blocks: list[list[int]] = [[] for _ in range(-(-len(place_of) // BLOCK))]
    places = [place_of[article["news_id"]] for article, _ in asked]
    lacks = writer.lacks(asked, texts)
    for place, row in sorted(zip(np.array(places, np.int64)[lacks].tolist(), kept[first][lacks].tolist(), strict=True)):
        blocks[place // BLOCK].append(row)
    return [block for block in blocks if block]


def _most_read_first(rows: pa.Table) -> dict[str, int]:
    """Return the place of each article of a RANKED table, sorted by number of pages, then popularity, then id."""
    articles = rows.group_by("news_id").aggregate([("user_id", "count"), ("popularity", "max")])
    order = [("user_id_count", "descending"), ("popularity_max", "descending"), ("news_id", "ascending")]
    return {news_id: place for place, news_id in enumerate(articles.sort_by(order)["news_id"].to_pylist())}


def _readable(paths: Sequence[Path]) -> Iterator[pa.Table]:
    for path in paths:
        with suppress(ContractError):  # of an older version, or none yet: its texts are written again
            yield answered(read_table(path, STORIES)).replace_schema_metadata(STORIES.metadata)


def _taken_over(stories: pa.Table, earlier: pa.Table) -> int:
    """Return how many contents had their texts in earlier tables, by the same model with the same prompts."""
    same = pc.and_(
        pc.is_in(earlier["model"], value_set=pc.unique(stories["model"])),
        pc.is_in(earlier["prompt"], value_set=pc.unique(stories["prompt"])),
    )
    known = pc.unique(earlier.filter(same)["content_hash"])
    return int(pc.sum(pc.is_in(pc.unique(stories["content_hash"]), value_set=known)).as_py() or 0)


def _report(stories: pa.Table) -> str:
    made: dict[str, Counter[str]] = {"headline": Counter(), "summary": Counter()}
    texts = dict(zip(stories["news_id"].to_pylist(), stories["method"].to_pylist(), strict=True))
    for method in texts.values():
        for job, counts in made.items():
            counts[method[job]] += 1
    said = [f"{job} {how}: {number}" for job, counts in made.items() for how, number in sorted(counts.items())]
    for why, words in ((NO_ANSWER, "without an answer"), (NO_BUDGET, "beyond the budget")):
        lacking = _lacking(stories, why)
        said += [f"articles {words}: {lacking}"] if lacking else []
    return ", ".join([f"{len(stories)} stories of {len(texts)} articles", *said])


def _lacking(stories: pa.Table, why: str) -> int:
    """Return how many articles have a story that lacks a draft for the reason `why`."""
    return len(pc.unique(stories["news_id"].filter(pa.array(lacks_a_draft(stories, why)))))


def _say_what_is_left(stories: pa.Table, budget: Budget) -> None:
    left = _lacking(stories, NO_BUDGET)
    if left:
        log.warning(
            "Stories: the budget of %s is spent before %d articles, those on the fewest pages. They carry extracts or "
            "the publisher's words; the next build asks for them again.",
            budget,
            left,
        )

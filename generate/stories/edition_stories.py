"""Writes the stories of an edition, from the files of its ranked table and its articles.

Texts are written a block of articles at a time, the articles on most pages first. Each block is a part file until the
table is whole: a kill loses one block, and where a budget ends, the articles on the fewest pages go without a draft.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa

from broadsheet.errors import ContractError
from broadsheet.generate.stories.budget import Budget
from broadsheet.generate.stories.made import Made, report, warn_of_the_rest
from broadsheet.generate.stories.missing_drafts import answered
from broadsheet.generate.stories.story_writer import Interest, StoryWriter
from broadsheet.generate.text.articles import first_ranks
from broadsheet.newsroom import Edition
from broadsheet.progress import track
from broadsheet.tables.arrow_files import empty, read_table, write_table
from broadsheet.tables.files import first_free_number, part_path, parts_of, remove_folder
from broadsheet.tables.schemas import NEWS, RANKED, STORIES

BLOCK = 16
"How many articles are written, and kept, at a time: as many as the writer drafts side by side."


def generate_files(
    writer: StoryWriter,
    edition: Edition,
    out: Path,
    *,
    known: Sequence[Path] = (),
    interest: Interest | None = None,
    budget: Budget | None = None,
    newcomers: pa.Table | None = None,
) -> Made:
    """Write the stories of an edition's ranked table to `out`; return how the texts were made, and what that cost.

    Texts are taken over from the stories files `known`, those that cannot be read left out, and from what a killed run
    left beside `out`. A text that lacks a draft is not taken over: its draft is asked for once more. Once the `budget`
    is spent, or the drafts buy too little, nothing is drafted. `newcomers` is the RANKED table of the page that new
    readers get: its stories come last, with an empty user_id. Raises ContractError if the edition's ranked or news
    table is not as expected.
    """
    ranked, news = _pages(edition, newcomers)
    before, budget = texts_of(known), budget or Budget(parts_of(out))
    texts = write_lacking(writer, ranked, news, out, before, interest=interest, budget=budget)
    stories = writer(ranked, news, known=texts, interest=interest, spent=budget.is_spent())
    write_table(out, stories, STORIES, model=writer.model)
    remove_folder(parts_of(out))
    warn_of_the_rest(stories, budget)
    return report(stories, before, writer.model, budget)


def write_trial(
    writer: StoryWriter,
    edition: Edition,
    out: Path,
    *,
    known: Sequence[Path] = (),
    interest: Interest | None = None,
    budget: Budget,
    newcomers: pa.Table | None = None,
) -> None:
    """Write the first blocks of `generate_files` as parts of `out`, until what drafts buy can be judged.

    So a build whose blocks several processes write judges by the same articles as a build of a single process.
    """
    ranked, news = _pages(edition, newcomers)
    before, is_judged = texts_of(known), lambda: not budget.bought.is_on_trial()
    write_lacking(writer, ranked, news, out, before, interest=interest, budget=budget, is_enough=is_judged)


def _pages(edition: Edition, newcomers: pa.Table | None) -> tuple[pa.Table, pa.Table]:
    """Return the RANKED table of the edition's readers and of new readers, and the articles."""
    ranked, news = read_table(edition.ranked, RANKED), read_table(edition.news, NEWS)
    if newcomers is not None:
        ranked = pa.concat_tables([ranked.replace_schema_metadata(), newcomers.replace_schema_metadata()])
    return ranked, news


def write_lacking(
    writer: StoryWriter,
    ranked: pa.Table,
    news: pa.Table,
    out: Path,
    before: pa.Table,
    *,
    interest: Interest | None,
    budget: Budget,
    is_enough: Callable[[], bool] = lambda: False,
) -> pa.Table:
    """Write what `before` and the parts of `out` lack, block by block, until the budget ends or `is_enough()`.

    Return all texts.
    """
    parts = parts_of(out)
    earlier = pa.concat_tables([before, texts_of(sorted(parts.glob("*.arrow")))])

    def write(block: Sequence[int]) -> pa.Table:
        return writer(ranked.take(block), news, known=earlier, interest=interest)

    blocks = _lacking_blocks(writer, ranked, news, earlier, interest) if writer.model else []
    made = _write_parts(blocks, write, parts, lambda: budget.is_spent() or is_enough(), budget.count)
    return pa.concat_tables([earlier, *made])


def _write_parts(
    blocks: Sequence[Sequence[int]],
    write: Callable[[Sequence[int]], pa.Table],
    folder: Path,
    is_enough: Callable[[], bool],
    count: Callable[[], None],
) -> Iterator[pa.Table]:
    """Write the texts of one block after another, and yield them, until `is_enough()`.

    The cost of an interrupted block is counted too.
    """
    first = first_free_number(folder)
    for number, block in enumerate(track(blocks, "Blocks of stories drafted", total=len(blocks)), first):
        if is_enough():
            return
        try:
            part = write(block)
            write_table(part_path(folder, number), part, STORIES)
        finally:
            count()
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
    texts = texts_of([*known, *sorted(parts_of(out).glob("*.arrow"))])
    return _lacking_blocks(writer, ranked, news, texts, interest)


def texts_of(paths: Iterable[Path]) -> pa.Table:
    """Return the texts of STORIES files, without those that lack a draft; files that cannot be read are left out."""
    return pa.concat_tables([empty(STORIES), *_readable(paths)])


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


def _readable(paths: Iterable[Path]) -> Iterator[pa.Table]:
    for path in paths:
        with suppress(ContractError):  # of an older version, or none yet: its texts are written again
            yield answered(read_table(path, STORIES)).replace_schema_metadata(STORIES.metadata)

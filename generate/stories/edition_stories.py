"""Writes the stories of an edition, from the files of its ranked table and its articles.

Texts are written a block of articles at a time, the articles on most pages first. Each block is a part file until the
table is whole: a kill loses one block, and where a budget ends, the articles on the fewest pages go without a draft.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

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

NOT_DRAFTED = ("original", "extract")
"""Methods of texts that no model drafted."""
BLOCK = 32
"How many articles are written, and kept, at a time."


class Made(NamedTuple):
    """What the stories of an edition are made of, and what drafting them cost."""

    line: str
    "Both in a line for people."
    counts: dict[str, int]
    "The numbers of that line by name."


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
    is spent, nothing is drafted. `newcomers` is the RANKED table of the page that new readers get: its stories come
    last, with an empty user_id. Raises ContractError if the edition's ranked or news table is not as expected.
    """
    ranked, news = read_table(edition.ranked, RANKED), read_table(edition.news, NEWS)
    if newcomers is not None:
        ranked = pa.concat_tables([ranked.replace_schema_metadata(), newcomers.replace_schema_metadata()])
    parts, before = parts_of(out), _texts(known)
    earlier, budget = pa.concat_tables([before, _texts(sorted(parts.glob("*.arrow")))]), budget or Budget(parts)

    def write(block: Sequence[int]) -> pa.Table:
        return writer(ranked.take(block), news, known=earlier, interest=interest)

    blocks = _lacking_blocks(writer, ranked, news, earlier, interest) if writer.model else []
    texts = pa.concat_tables([earlier, *_write_parts(blocks, write, parts, budget)])
    stories = writer(ranked, news, known=texts, interest=interest, spent=budget.is_spent())
    write_table(out, stories, STORIES, model=writer.model)
    remove_folder(parts)
    _say_what_is_left(stories, budget)
    return _report(stories, before, writer.model, *budget.spent)


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
    for number, block in enumerate(track(blocks, "Blocks of stories drafted", total=len(blocks)), first):
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
    texts = _texts([*known, *sorted(parts_of(out).glob("*.arrow"))])
    return _lacking_blocks(writer, ranked, news, texts, interest)


def _texts(paths: Iterable[Path]) -> pa.Table:
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


def _report(stories: pa.Table, before: pa.Table, model: str, seconds: float, tokens: int) -> Made:
    """Say how many texts each method made, and what the drafts cost; `before` are the texts of earlier nights."""
    made: dict[str, Counter[str]] = {"headline": Counter(), "summary": Counter()}
    columns = (stories[name].to_pylist() for name in ("news_id", "content_hash", "method"))
    texts = {news_id: (content, method) for news_id, content, method in zip(*columns, strict=True)}
    for _, method in texts.values():
        for job, counts in made.items():
            counts[method[job]] += 1
    newcomers = int(pc.sum(pc.equal(stories["user_id"], "")).as_py() or 0)
    more = f" and {newcomers} for new readers" if newcomers else ""
    said = [f"{len(stories) - newcomers} stories{more} of {len(texts)} articles"]
    said += [f"{job} {how}: {number}" for job, counts in made.items() for how, number in sorted(counts.items())]
    lacking = {why: _lacking(stories, why) for why in (NO_ANSWER, NO_BUDGET)}
    names = {NO_ANSWER: "articles without an answer", NO_BUDGET: "articles beyond the budget"}
    said += [f"{names[why]}: {number}" for why, number in lacking.items() if number]
    numbers = {
        "stories": len(stories),
        "newcomers": newcomers,
        "articles": len(texts),
        "beyond_budget": lacking[NO_BUDGET],
    }
    if not model or not texts:
        return Made(", ".join(said), numbers)
    known = _written_before(stories, before)
    new = [method for content, method in texts.values() if content not in known]
    old, drafted = len(texts) - len(new), len(new) - lacking[NO_BUDGET]
    bought = {job: sum(method[job] not in NOT_DRAFTED for method in new) for job in made}
    numbers |= {"reused": old, "drafted_headlines": bought["headline"], "drafted_summaries": bought["summary"]}
    numbers |= {"draft_seconds": round(seconds), "draft_tokens": tokens}
    line = f"{', '.join(said)}; {old} taken over"
    if drafted <= 0:
        return Made(line, numbers)
    cost = f"{seconds:.0f} s" + (f" and {tokens:,} tokens" if tokens else "")
    kept = f"{_counted(bought['headline'], 'headline')} and {_counted(bought['summary'], 'summary')}"
    return Made(f"{line}; drafting for {_counted(drafted, 'article')} took {cost} and gave {kept}", numbers)


def _counted(number: int, thing: str) -> str:
    """Return a number with its thing: 1 summary, 2 summaries."""
    return f"{number} {thing if number == 1 else f'{thing[:-1]}ies' if thing.endswith('y') else f'{thing}s'}"


def _written_before(stories: pa.Table, earlier: pa.Table) -> set[str]:
    """Return the contents whose texts the earlier table has, by the same model with the same prompts."""
    same = pc.and_(
        pc.is_in(earlier["model"], value_set=pc.unique(stories["model"])),
        pc.is_in(earlier["prompt"], value_set=pc.unique(stories["prompt"])),
    )
    known = pc.unique(earlier.filter(same)["content_hash"])
    contents = pc.unique(stories["content_hash"])
    return set(contents.filter(pc.is_in(contents, value_set=known)).to_pylist())


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

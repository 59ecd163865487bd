"""The stage from files: an edition's ranked table and articles in, its stories out.

Texts are written a block of articles at a time, and each block is a part file until the table is whole: a kill loses
a block.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError
from broadsheet.generate.stories import Interest, StoryWriter, answered, first_ranks
from broadsheet.newsroom import Edition, remove_folder
from broadsheet.parts import part_path, parts_of
from broadsheet.progress import track
from broadsheet.schemas import NEWS, RANKED, STORIES
from broadsheet.tables import empty, read_table, write_table

BLOCK = 32
"Articles whose texts are written, and kept, at a time."


def generate_files(
    writer: StoryWriter, edition: Edition, out: Path, *, known: Sequence[Path] = (), interest: Interest | None = None
) -> str:
    """Write the stories of an edition's ranked table to `out`, and return a line that says how its texts were made.

    Texts are taken over from the stories files `known`, unreadable ones left out, and from what a killed run left by
    `out`; not those of which a draft could not be had, which are tried once more. Raises ContractError if the edition's
    ranked or news table is not as expected.
    """
    ranked, news = read_table(edition.ranked, RANKED), read_table(edition.news, NEWS)
    parts = parts_of(out)
    earlier = pa.concat_tables([empty(STORIES), *_readable([*known, *sorted(parts.glob("*.arrow"))])])
    texts = earlier
    if writer.model:
        texts = pa.concat_tables([earlier, *_write_parts(writer, ranked, news, earlier, parts, interest=interest)])
    stories = writer(ranked, news, known=texts, interest=interest)
    write_table(out, stories, STORIES, model=writer.model)
    remove_folder(parts)
    return _report(stories) + (f"; {_taken_over(stories, earlier)} taken over" if writer.model and len(stories) else "")


def _write_parts(
    writer: StoryWriter,
    ranked: pa.Table,
    news: pa.Table,
    known: pa.Table,
    folder: Path,
    *,
    interest: Interest | None,
) -> Iterator[pa.Table]:
    """Write each article's texts, a block at a time, and yield the blocks; what `known` has is not drafted again."""
    blocks = _blocks(writer, ranked, news, interest)
    for number, block in enumerate(track(blocks, "Writing stories", total=len(blocks) * BLOCK, weight=BLOCK)):
        part = writer(ranked.take(block), news, known=known, interest=interest)
        write_table(part_path(folder, number), part, STORIES)
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
    """Return the rows of the ranked table, block by block, whose articles `generate_files` would have drafted.

    Another process can give such a block of rows to the writer and write its stories as a part of `out`: then
    `generate_files` takes all texts over, and they are those that it would have written alone.
    """
    texts = pa.concat_tables([empty(STORIES), *_readable([*known, *sorted(parts_of(out).glob("*.arrow"))])])
    blocks = []
    for block in _blocks(writer, ranked, news, interest):
        asked, of_row = writer.asked(ranked.take(block), news, interest)
        blocks.append(np.array(block)[writer.lacks(asked, texts)[of_row]].tolist())
    return [block for block in blocks if block]


def _blocks(writer: StoryWriter, ranked: pa.Table, news: pa.Table, interest: Interest | None) -> list[list[int]]:
    """Return the first row of each article and interest among the ranks 1 to k, in blocks of BLOCK articles."""
    kept = np.flatnonzero(np.asarray(ranked["rank"]) <= writer.k)
    asked, of_row = writer.asked(first_ranks(ranked, writer.k), news, interest)
    _, first = np.unique(of_row, return_index=True)
    blocks: dict[int, list[int]] = {}
    number_of: dict[str, int] = {}
    for (article, _), row in zip(asked, kept[first].tolist(), strict=True):
        number = number_of.setdefault(article["news_id"], len(number_of))
        blocks.setdefault(number // BLOCK, []).append(row)
    return list(blocks.values())


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
    lacking = len(texts) - len(pc.unique(answered(stories)["news_id"]))
    said += [f"articles without an answer: {lacking}"] if lacking else []
    return ", ".join([f"{len(stories)} stories of {len(texts)} articles", *said])

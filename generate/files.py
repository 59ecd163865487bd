"""The stage from files: an edition's ranked table and articles in, its stories out.

Texts are written a block of articles at a time, and each block is a part file until the table is whole: a kill loses
a block.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError
from broadsheet.generate.stories import StoryWriter, answered
from broadsheet.newsroom import Edition, remove_folder
from broadsheet.parts import part_path, parts_of
from broadsheet.progress import track
from broadsheet.schemas import NEWS, RANKED, STORIES
from broadsheet.tables import empty, read_table, write_table

BLOCK = 32
"Articles whose texts are written, and kept, at a time."


def generate_files(writer: StoryWriter, edition: Edition, out: Path, *, known: Sequence[Path] = ()) -> str:
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
        texts = pa.concat_tables([earlier, *_write_parts(writer, ranked, news, earlier, parts)])
    stories = writer(ranked, news, known=texts)
    write_table(out, stories, STORIES, model=writer.model)
    remove_folder(parts)
    return _report(stories) + (f"; {_taken_over(stories, earlier)} taken over" if writer.model and len(stories) else "")


def _write_parts(
    writer: StoryWriter, ranked: pa.Table, news: pa.Table, known: pa.Table, folder: Path
) -> Iterator[pa.Table]:
    """Write each article's texts, a block at a time, and yield the blocks; what `known` has is not drafted again."""
    articles = ranked.take(_first_rows(ranked, writer.k))
    starts = range(0, len(articles), BLOCK)
    for number, start in enumerate(track(starts, "Writing stories", total=len(articles), weight=BLOCK)):
        part = writer(articles.slice(start, BLOCK), news, known=known)
        write_table(part_path(folder, number), part, STORIES)
        yield part


def stories_to_write(
    writer: StoryWriter, ranked: pa.Table, news: pa.Table, out: Path, *, known: Sequence[Path] = ()
) -> list[list[int]]:
    """Return the rows of the ranked table, block by block, whose articles `generate_files` would have drafted.

    Another process can give such a block of rows to the writer and write its stories as a part of `out`: then
    `generate_files` takes all texts over, and they are those that it would have written alone.
    """
    texts = pa.concat_tables([empty(STORIES), *_readable([*known, *sorted(parts_of(out).glob("*.arrow"))])])
    rows = _first_rows(ranked, writer.k)
    lacking = writer.lacks(ranked.take(rows), news, known=texts)
    blocks = [rows[start : start + BLOCK][lacking[start : start + BLOCK]] for start in range(0, len(rows), BLOCK)]
    return [block.tolist() for block in blocks if len(block)]


def _first_rows(ranked: pa.Table, k: int) -> npt.NDArray[np.int64]:
    """Return the row of each article's first place among the ranks 1 to k, in the order of the table."""
    rows = np.flatnonzero(np.asarray(ranked["rank"]) <= k)
    ids = ranked["news_id"].take(rows).to_numpy(zero_copy_only=False)
    _, first = np.unique(ids, return_index=True)
    return rows[np.sort(first)]


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

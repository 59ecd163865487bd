"""What benchmark_encoding.py encodes: a newsroom's articles, as texts in rounds and as news tables of any size."""

import json
from pathlib import Path
from typing import Any

import numpy as np


def _articles(newsroom: Path) -> Any:  # noqa: ANN401
    from broadsheet.newsroom import Newsroom
    from broadsheet.tables.arrow_files import read_table
    from broadsheet.tables.schemas import NEWS

    return read_table(Newsroom(newsroom).news, NEWS)


def write_texts(newsroom: Path, count: int, rounds: int, work: Path) -> list[Path]:
    """Write the texts of each round as JSON; the n-th repeat of an article leaves out its first n words."""
    from broadsheet.retrieval import news_text

    columns = _articles(newsroom).select(["title", "abstract", "category"]).to_pylist()
    words = [news_text(**row).split() for row in columns]
    order = np.random.default_rng(0).permutation(len(words))
    texts = []
    for number in range(count):
        repeat, place = divmod(number, len(words))
        own = words[order[place]]
        texts.append(" ".join(own[min(repeat, len(own) - 1) :]))
    files = []
    for number, part in enumerate(np.array_split(np.arange(count), rounds)):
        files.append(work / f"texts-{number}.json")
        files[-1].write_text(json.dumps([texts[row] for row in part]), "utf-8")
    return files


def write_table_of(newsroom: Path, size: int, path: Path) -> None:
    """Write a news table of `size` articles: the newsroom's own, repeated, each with its own content hash."""
    from broadsheet.tables.arrow_files import from_rows, open_writer
    from broadsheet.tables.schemas import NEWS

    articles = _articles(newsroom).to_pylist()
    with open_writer(path, NEWS) as writer:
        for start in range(0, size, 1000):
            numbers = range(start, min(start + 1000, size))
            own = [{"news_id": f"N{number}", "content_hash": f"{number:016x}"} for number in numbers]
            rows = [articles[number % len(articles)] | row for number, row in zip(numbers, own, strict=True)]
            writer.write(from_rows(rows, NEWS))

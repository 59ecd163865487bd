"""Rankings and judgements as files that evaluation tools read: TREC's formats, and the JSON and Parquet of ranx."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

import pyarrow as pa

from broadsheet.errors import InputError
from broadsheet.tables.named_files import named_output

_TREC = ("", ".trec", ".txt", ".run", ".qrels")
"""Suffixes of files in TREC's formats; a pipe or /dev/stdout has no suffix."""
_AT_ONCE = 500


class TopicList(NamedTuple):
    """The articles of one topic, which is a reader or an impression."""

    topic: str
    news_ids: Sequence[str]
    values: Sequence[float]
    "One for each article: a ranking has scores that fall, judgements are 1 or 0."


def write_run(path: Path, lists: Iterable[TopicList], tag: str) -> None:
    """Write rankings to where the user named `path`; the suffix says the format.

    .trec, .txt, .run or no suffix: lines `topic Q0 docid rank score tag`. .json: {topic: {docid: score}}. .parquet:
    columns q_id, doc_id and score. Raises InputError for another suffix, for a `tag` that is not one word, and for an
    id with a blank in a TREC file, whose columns are parted by blanks; what was at `path` then stays.
    """
    if tag.split() != [tag]:
        raise InputError(f"tag: found {tag!r}, expected one word, such as broadsheet.")

    def lines(one: TopicList) -> Iterator[str]:
        for rank, (news_id, score) in enumerate(zip(one.news_ids, one.values, strict=True), 1):
            yield f"{one.topic} Q0 {news_id} {rank} {score:.9g} {tag}\n"

    _write(path, lists, lines, pa.float64())


def write_qrels(path: Path, lists: Iterable[TopicList]) -> None:
    """Write judgements as `write_run` writes rankings; a line of TREC is `topic 0 docid relevance`."""

    def lines(one: TopicList) -> Iterator[str]:
        for news_id, relevance in zip(one.news_ids, one.values, strict=True):
            yield f"{one.topic} 0 {news_id} {relevance}\n"

    _write(path, lists, lines, pa.int64())


def _write(
    path: Path, lists: Iterable[TopicList], lines: Callable[[TopicList], Iterator[str]], values: pa.DataType
) -> None:
    suffix = path.suffix.lower()
    if suffix not in (*_TREC, ".json", ".parquet"):
        raise InputError(
            f"out {path}: found the suffix {suffix!r}, expected .trec, .txt, .run or .qrels for TREC's format, .json "
            "or .parquet."
        )
    with named_output(path) as target, target.open("wb") as file:
        if suffix == ".json":
            _write_json(file, lists)
        elif suffix == ".parquet":
            _write_parquet(file, lists, values)
        else:
            for one in lists:
                _require_no_blanks(path, one)
                file.write("".join(lines(one)).encode())


def _write_json(file: IO[bytes], lists: Iterable[TopicList]) -> None:
    before = "{"
    for one in lists:
        judged = dict(zip(one.news_ids, one.values, strict=True))
        file.write(f"{before}\n{json.dumps(one.topic)}: {json.dumps(judged)}".encode())
        before = ","
    file.write(b"\n}\n" if before == "," else b"{}\n")


def _write_parquet(file: IO[bytes], lists: Iterable[TopicList], values: pa.DataType) -> None:
    from pyarrow import parquet

    schema = pa.schema([("q_id", pa.string()), ("doc_id", pa.string()), ("score", values)])
    with parquet.ParquetWriter(file, schema) as writer:
        rest = iter(lists)
        while some := list(islice(rest, _AT_ONCE)):
            rows = [
                (one.topic, news_id, value)
                for one in some
                for news_id, value in zip(one.news_ids, one.values, strict=True)
            ]
            writer.write_table(pa.table([list(column) for column in zip(*rows, strict=True)], schema=schema))


def _require_no_blanks(path: Path, one: TopicList) -> None:
    for name in (one.topic, *one.news_ids):
        if name.split() != [name]:
            raise InputError(
                f"out {path}: found the id {name!r}, expected ids without blanks: TREC's formats part columns by "
                "blanks. Name a .json or .parquet file, whose ids may have any characters."
            )

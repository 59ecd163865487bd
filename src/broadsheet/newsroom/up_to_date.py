"""Whether the current edition still stands for the corpus, so that another run or a benchmark may use it as it is."""

import os
from contextlib import suppress
from pathlib import Path

from broadsheet.errors import NewsroomError
from broadsheet.newsroom.edition import Edition
from broadsheet.newsroom.newsroom import Newsroom
from broadsheet.tables.files import file_sha256


def present_edition(newsroom: Newsroom) -> Edition | None:
    """Return the current edition if it was built from the articles and clicks that are in the corpus now, else None."""
    with suppress(NewsroomError):
        edition = newsroom.current()
        hashes = edition.read_manifest()["files"]
        if _same(newsroom.news, edition.news, hashes) and _same(newsroom.clicks, edition.clicks, hashes):
            return edition
    return None


def _same(corpus: Path, built: Path, hashes: dict[str, str]) -> bool:
    if not corpus.is_file() or not built.is_file():
        return corpus.is_file() == built.is_file()
    return os.path.samefile(corpus, built) or file_sha256(corpus) == hashes.get(built.name)  # noqa: PTH121

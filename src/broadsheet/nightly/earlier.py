"""The work of earlier builds that a build takes over, and the files that a killed build leaves for the next."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.journal import Journal
from broadsheet.progress import Say
from broadsheet.tables.files import file_sha256, parts_of


@dataclass(frozen=True)
class Earlier:
    """The files of earlier builds from which a build may take work over, table by table; `Earlier()` names no file.

    If two files of a table hold the same row, the row of the later file is taken.
    """

    news_vectors: tuple[Path, ...] = ()
    "Tables news_vectors of editions, and entries of the journal, which hold the vectors of articles added since."
    indexes: tuple[Edition, ...] = ()
    "Editions whose index, or shards of it, can be taken over."
    ranked: tuple[Path, ...] = ()
    "Tables ranked, from which scores of the cross-encoder are taken over."
    stories: tuple[Path, ...] = ()
    "Tables stories, from which headlines and summaries are taken over, texts that were written between nights too."
    digests: tuple[Path, ...] = ()
    "Tables digests, from which whole rows are taken over."

    def resolved(self) -> Earlier:
        """Return the same files by their absolute paths, which a process in another folder needs."""
        return Earlier(
            news_vectors=tuple(path.resolve() for path in self.news_vectors),
            indexes=tuple(Edition(edition.path.resolve()) for edition in self.indexes),
            ranked=tuple(path.resolve() for path in self.ranked),
            stories=tuple(path.resolve() for path in self.stories),
            digests=tuple(path.resolve() for path in self.digests),
        )


_TABLE_OF = {"encode": "news_vectors", "rerank": "ranked", "generate": "stories", "digest": "digests"}
"""The table that each stage takes work over from; other stages read no earlier table."""


def find_earlier(newsroom: Newsroom, stages: Collection[str], say: Say) -> Earlier:
    """Return the files from which the named stages of a build of the newsroom may take work over.

    Tables that only other stages read are not looked at. A file whose SHA-256 differs from its edition's manifest is
    left out, else its damage would be copied into every later edition. `say` gets a line for each file that is left
    out.
    """
    editions = _editions_to_reuse(newsroom, say)
    journal = tuple(entry.path for entry in Journal(newsroom).entries() if entry.kind == "add")

    def whole(stage: str) -> tuple[Path, ...]:
        files = [(edition, getattr(edition, _TABLE_OF[stage])) for edition in editions if stage in stages]
        return tuple(path for edition, path in files if _is_whole(edition, path, say))

    return Earlier(
        news_vectors=whole("encode") + journal,
        indexes=_with_index(editions),
        ranked=whole("rerank"),
        stories=whole("generate") + _late_texts(newsroom),
        digests=whole("digest"),
    )


def _late_texts(newsroom: Newsroom) -> tuple[Path, ...]:
    """Return the table of texts that were written between nights, and its parts, which a killed writer leaves."""
    table = newsroom.late_texts
    return (*[table] * table.is_file(), *sorted(parts_of(table).glob("*.arrow")))


def earlier_indexes(newsroom: Newsroom, say: Say) -> tuple[Edition, ...]:
    """Return the editions from which a build may take over the index itself, or the choice of its kind.

    `say` gets a line for each edition that is left out because its manifest is damaged.
    """
    return _with_index(_editions_to_reuse(newsroom, say))


def _with_index(editions: list[Edition]) -> tuple[Edition, ...]:
    return tuple(edition for edition in editions if edition.manifest.is_file())


def _editions_to_reuse(newsroom: Newsroom, say: Say) -> list[Edition]:
    """Return three editions: the folder of a killed build, the newest published edition, and the current edition.

    An edition that the gate kept back is left out, else its faults would be taken over every night. An edition whose
    manifest is damaged is left out too, since nothing says then what its files should hold; `say` says so.
    """
    published = (edition for edition in reversed(newsroom.editions()) if edition.is_published())
    editions = [newsroom.building, *islice(published, 1)]
    with suppress(NewsroomError):
        editions.append(newsroom.current())
    return [edition for edition in dict.fromkeys(editions) if _has_sound_manifest(edition, newsroom, say)]


def _has_sound_manifest(edition: Edition, newsroom: Newsroom, say: Say) -> bool:
    """Return whether an edition's manifest is as it was written; the folder of a killed build need not have one."""
    if edition == newsroom.building and not edition.manifest.exists():
        return True
    try:
        edition.read_manifest()
    except NewsroomError:
        say(f"nothing is taken over from {edition.path}: its manifest is not as it was written")
        return False
    return True


def _is_whole(edition: Edition, path: Path, say: Say) -> bool:
    """Return whether a file exists and has the SHA-256 that its edition's manifest names; if not, `say` says why.

    A file in the folder of a killed build, which has no manifest, only has to exist.
    """
    there, why = path.is_file(), ""
    if edition.manifest.is_file():
        wanted = edition.read_manifest()["files"].get(path.name)
        if not there:
            why = "it is missing" if wanted else ""
        elif wanted != file_sha256(path):
            why = "its SHA-256 is not that of its manifest"
    if why:
        say(f"nothing is taken over from {path}: {why}")
    return there and not why


REUSED = ("news_vectors", "stories", "digests")
"""Tables of a killed build that the next build takes over, with their folders of parts: how their names begin."""


def not_reused(edition: Edition) -> Iterator[Path]:
    """Yield the files and folders of a killed build that the next build does not take over."""
    for path in sorted(edition.path.iterdir()):
        if not path.name.startswith(REUSED):
            yield path

"""What a build takes over from earlier editions, and what a killed build leaves for the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.journal import Journal
from broadsheet.progress import Say
from broadsheet.tables.files import file_sha256


@dataclass(frozen=True)
class Earlier:
    """Where the work of earlier builds lies that a build may take over, table by table; `Earlier()` is nothing.

    Where two files hold the same row, the later file counts.
    """

    news_vectors: tuple[Path, ...] = ()
    "Article vectors, those of the journal's entries included."
    indexes: tuple[Edition, ...] = ()
    "Editions whose index, or shards of it, can be taken over."
    ranked: tuple[Path, ...] = ()
    "Rankings, whose scores of the cross-encoder can be taken over."
    stories: tuple[Path, ...] = ()
    digests: tuple[Path, ...] = ()

    def resolved(self) -> Earlier:
        """Return the same with absolute paths, as a process in another folder needs them."""
        return Earlier(
            news_vectors=tuple(path.resolve() for path in self.news_vectors),
            indexes=tuple(Edition(edition.path.resolve()) for edition in self.indexes),
            ranked=tuple(path.resolve() for path in self.ranked),
            stories=tuple(path.resolve() for path in self.stories),
            digests=tuple(path.resolve() for path in self.digests),
        )


def find_earlier(newsroom: Newsroom, say: Say) -> Earlier:
    """Return what a build of the newsroom may take over.

    A file that is no longer what its manifest says is left out: a flipped bit would be handed on from night to night.
    `say` gets a line for each such file.
    """
    editions = _editions_to_reuse(newsroom)
    journal = tuple(entry.path for entry in Journal(newsroom).entries() if entry.kind == "add")
    return Earlier(
        ranked=tuple(edition.ranked for edition in editions if _is_whole(edition, edition.ranked, say)),
        news_vectors=tuple(one.news_vectors for one in editions if _is_whole(one, one.news_vectors, say)) + journal,
        stories=tuple(edition.stories for edition in editions if _is_whole(edition, edition.stories, say)),
        digests=tuple(edition.digests for edition in editions if _is_whole(edition, edition.digests, say)),
        indexes=earlier_indexes(newsroom),
    )


def earlier_indexes(newsroom: Newsroom) -> tuple[Edition, ...]:
    """Return the editions whose index, or the choice of whose index, may be taken over."""
    return tuple(edition for edition in _editions_to_reuse(newsroom) if edition.manifest.is_file())


def _editions_to_reuse(newsroom: Newsroom) -> list[Edition]:
    """Return the editions to take work over from: what a killed build left, the newest published, and the current one.

    An edition that was kept back is not among them: what is wrong with it would come back every night.
    """
    published = (edition for edition in reversed(newsroom.editions()) if edition.is_published())
    editions = [newsroom.building, *islice(published, 1)]
    with suppress(NewsroomError):
        editions.append(newsroom.current())
    return list(dict.fromkeys(editions))


def _is_whole(edition: Edition, path: Path, say: Say) -> bool:
    """Return whether a file is there and is what its edition's manifest says, if there is a manifest; say so if not."""
    there, why = path.is_file(), ""
    with suppress(NewsroomError):  # what a killed build left has no manifest
        wanted = edition.read_manifest()["files"].get(path.name)
        if not there:
            why = "it is missing" if wanted else ""
        elif wanted != file_sha256(path):
            why = "its SHA-256 is not that of its manifest"
    if why:
        say(f"nothing is taken over from {path}: {why}")
    return there and not why


REUSED = ("news_vectors", "stories", "digests")
"""What a killed build leaves that the next one takes over: these files and the folders of their finished parts."""


def not_reused(edition: Edition) -> Iterator[Path]:
    """Yield what lies in the folder of an edition being built and is of no use to the next build."""
    for path in sorted(edition.path.iterdir()):
        if not path.name.startswith(REUSED):
            yield path

"""What a build takes over from earlier editions, and what a killed build leaves for the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.journal import Journal
from broadsheet.nightly.stage import Step
from broadsheet.progress import Say
from broadsheet.tables.files import file_sha256


def with_earlier(newsroom: Newsroom, steps: Mapping[str, Step], say: Say) -> dict[str, Step]:
    """Return the stages, told where the work of earlier builds lies.

    A file that is no longer what its manifest says is no source: a flipped bit would be handed on from night to night.
    """
    earlier = editions_to_reuse(newsroom)
    vectors = tuple(edition.news_vectors for edition in earlier if is_whole(edition, edition.news_vectors, say))
    vectors += tuple(entry.path for entry in Journal(newsroom).entries() if entry.kind == "add")
    stories = tuple(edition.stories for edition in earlier if is_whole(edition, edition.stories, say))
    digests = tuple(edition.digests for edition in earlier if is_whole(edition, edition.digests, say))
    complete = tuple(edition for edition in earlier if edition.manifest.is_file())
    told = {
        "encode": partial(steps["encode"], known=vectors),
        "index": partial(steps["index"], known=complete),
        "generate": partial(steps["generate"], known=stories),
        "digest": partial(steps["digest"], known=digests),
    }
    return {**steps, **told}


def editions_to_reuse(newsroom: Newsroom) -> list[Edition]:
    """Return the editions to take work over from: what a killed build left, the newest published, and the current one.

    One that was kept back is none of them: what is wrong with it would come back every night.
    """
    published = (edition for edition in reversed(newsroom.editions()) if edition.is_published())
    editions = [newsroom.building, *islice(published, 1)]
    with suppress(NewsroomError):
        editions.append(newsroom.current())
    return list(dict.fromkeys(editions))


def is_whole(edition: Edition, path: Path, say: Say) -> bool:
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

"""Run the stage again from files: `python -m broadsheet.generate NEWSROOM [--edition NAME] [--out FILE]`."""

import argparse
import sys
from pathlib import Path

from broadsheet.generate.files import generate_files
from broadsheet.generate.stories import StoryWriter
from broadsheet.generate.writers import load_writer

from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.newsroom import Edition, Newsroom


def main() -> int:
    """Read the arguments, write the stories, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m broadsheet.generate", description="Write the stories of an edition."
    )
    parser.add_argument("newsroom", type=Path, help="folder of the newsroom")
    parser.add_argument("--edition", help="name of the edition; the current one without it")
    parser.add_argument(
        "--out", type=Path, default=Path("stories.arrow"), help="file to write; stories.arrow without it"
    )
    arguments = parser.parse_args()
    try:
        newsroom = Newsroom(arguments.newsroom)
        newsroom.require()
        edition = _edition(newsroom, arguments.edition)
        known = [edition.stories, newsroom.current().stories]
        line = generate_files(_story_writer(newsroom), edition, arguments.out, known=known)
    except BroadsheetError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stderr.write(f"{line}\n")
    return 0


def _edition(newsroom: Newsroom, name: str | None) -> Edition:
    if name is None:
        return newsroom.current()
    names = [edition.name for edition in newsroom.editions()]
    if name not in names:
        raise NewsroomError(f"edition {name!r}: not in {newsroom.path}; it has {', '.join(names) or 'none'}.")
    return Edition(newsroom.editions_folder / name)


def _story_writer(newsroom: Newsroom) -> StoryWriter:
    settings = newsroom.config().generate
    if not settings.writer:
        return StoryWriter(None, k=settings.stories, summary_words=settings.summary_words)
    writer = load_writer(settings.writer)
    named = {"method": writer.method, "model": writer.model}
    return StoryWriter(writer, **named, k=settings.stories, summary_words=settings.summary_words)


if __name__ == "__main__":
    sys.exit(main())

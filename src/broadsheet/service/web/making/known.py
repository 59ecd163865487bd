"""What is known of a reader, in words: what was read, said, followed, muted and hidden."""

from __future__ import annotations

from typing import NamedTuple

from broadsheet.live.following import followed
from broadsheet.service.serving.service import Service
from broadsheet.workbench.interests import find_topics


class Name(NamedTuple):
    """A name that a reader follows or mutes."""

    field: str
    name: str


class Known(NamedTuple):
    """What is known of a reader."""

    words: str
    "The reader's own words."
    topics: str
    "Topics found in what the reader read, separated by commas."
    follows: list[Name]
    mutes: list[Name]
    read: int
    "How many stories the reader read."
    hidden: int
    "How many stories the reader hid."


def known_of(service: Service, reader_id: str) -> Known:
    """Return what is known of a reader at this moment."""
    from broadsheet.generate.extracts.topics import profile_text

    pipeline = service.pipeline
    bench, (reader,) = pipeline.bench, pipeline.readers([reader_id])
    mutes = [Name("category", name) for name in reader.muted_categories]
    return Known(
        bench.data.readers.profiles().of(reader_id),
        profile_text(find_topics(bench.data.catalogue.news, reader)),
        [Name(*one) for one in followed(service.newsroom, pipeline.events, reader_id)],
        [*mutes, *(Name("source", name) for name in reader.muted_sources)],
        len(reader.user["history"]),
        len(reader.user["hidden"]),
    )

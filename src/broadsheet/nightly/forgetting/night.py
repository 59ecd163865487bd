"""The part of a build that ends a forgetting: before the new edition is made, and after it was published.

The table forgotten is the list of what is to be done. A reader's entry there is brought to `gone` when nothing of the
reader is left. A build that is killed before leaves the entry as it was, and the next build does everything again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from broadsheet.newsroom import Newsroom
from broadsheet.nightly.forgetting.corpus import clean_corpus
from broadsheet.nightly.forgetting.editions import clean_editions
from broadsheet.nightly.forgetting.events import clean_events
from broadsheet.nightly.forgetting.forgotten_rows import Find
from broadsheet.nightly.forgetting.service_state import clean_service_state
from broadsheet.progress import Say
from broadsheet.readers.forget import forget_choices
from broadsheet.readers.forgotten import GONE, Forgotten, ForgottenReaders
from broadsheet.readers.own_table import remove_unfinished
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.files import remove_folder
from broadsheet.tables.live_schemas import FOLLOWS, MUTES, PROFILES


@dataclass(frozen=True)
class Night:
    """The forgotten readers whom a build removes."""

    began: datetime
    keys: list[str]
    "Empty if no reader waits to be removed."
    find: Find
    editions: list[str]
    "The editions that were there when the build began."


def begin_forgetting(newsroom: Newsroom, say: Say) -> Night:
    """Take the readers who were forgotten since the last build out of everything that a new edition is made of.

    The caller holds the newsroom's lock. Raises NewsroomError if the event store cannot be reached, ContractError if a
    table is damaged.
    """
    began, forgotten = datetime.now(UTC), ForgottenReaders(newsroom)()
    keys = forgotten.pending()
    night = Night(began, keys, partial(forgotten.among, keys=keys), [one.name for one in newsroom.editions()])
    if keys:
        _clean_own_tables(newsroom, forgotten)
        blanked = clean_events(newsroom, night.find)
        clean_corpus(newsroom, night.find)
        clean_service_state(newsroom, night.find, began)
        _clean_building(newsroom)
        say(f"forgotten readers: {len(keys):,}, of whom {blanked:,} events were blanked")
    return night


def end_forgetting(newsroom: Newsroom, night: Night, say: Say) -> None:
    """Take the same readers out of the earlier editions, and note that nothing of them is left."""
    if night.keys:
        clean_editions(newsroom, night.editions, night.find, say)
        ForgottenReaders(newsroom).advance(night.keys, GONE, before=night.began)


def _clean_own_tables(newsroom: Newsroom, forgotten: Forgotten) -> None:
    """Remove what readers chose and wrote whose call of `forget` was killed before it could do so."""
    remove_unfinished(newsroom.profiles.parent)
    begun = forgotten.begun()
    tables = ((newsroom.profiles, PROFILES), (newsroom.follows, FOLLOWS), (newsroom.mutes, MUTES))
    there = [read_table(path, schema)["user_id"].to_pylist() for path, schema in tables if path.is_file()]
    for user_id in forgotten.among({user_id for column in there for user_id in column}, begun):
        forget_choices(newsroom, user_id)


def _clean_building(newsroom: Newsroom) -> None:
    """Remove the texts that a killed build left for the next build: they name the readers whom they were made for."""
    for path in newsroom.building.path.glob("stories*"):
        path.unlink() if path.is_file() else remove_folder(path)

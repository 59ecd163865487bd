"""The reader of a session that nobody knows: what was read in it, and words of interest."""

from __future__ import annotations

from collections.abc import Iterable

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.errors import InputError
from broadsheet.newsroom.given import given_ids, shown
from broadsheet.pipeline.page_maker import ANONYMOUS
from broadsheet.readers.profiles import CHARACTERS
from broadsheet.readers.state import ReaderState, reader_state
from broadsheet.text import one_line


def session_reader(catalogue: Catalogue, history: Iterable[str], profile: str) -> ReaderState:
    """Return the reader of a session by ids of articles, oldest first, and words; unknown ids are left out.

    Raises InputError for what cannot be an id, and for words of more than CHARACTERS characters.
    """
    if not isinstance(profile, str) or len(profile) > CHARACTERS:
        raise InputError(f"profile: found {shown(profile)}, expected a text of at most {CHARACTERS} characters.")
    read = list(dict.fromkeys(given_ids(history, "history")))
    return reader_state({"user_id": ANONYMOUS, "history": read, "profile": one_line(profile), "hidden": []}, catalogue)

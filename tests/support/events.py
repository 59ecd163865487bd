"""What the tests of events share: a newsroom of three articles with nothing built, and events as a site sends them."""

from datetime import UTC, datetime, timedelta
from itertools import count

from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import from_rows, write_table
from broadsheet.tables.schemas import NEWS

NOW = datetime.now(UTC).replace(microsecond=123456)
_TEXTS = ("title", "abstract", "body", "category", "subcategory", "language", "source", "url", "content_hash")
_numbers = count(1)


def bare_newsroom(path):
    """A newsroom whose corpus holds the articles N1, N2 and N3, and nothing else."""
    rows = [{"news_id": f"N{number}", **dict.fromkeys(_TEXTS, "text"), "kept": []} for number in (1, 2, 3)]
    room = Newsroom(path)
    write_table(room.news, from_rows(rows, NEWS), NEWS)
    return room


def event(kind, user_id="maya", *, ago=0, **fields):
    """An event of `ago` seconds before NOW, with an id of its own."""
    time = NOW - timedelta(seconds=ago)
    return {"event_id": f"e{next(_numbers)}", "kind": kind, "user_id": user_id, "time": time, **fields}


def page(page_id, user_id="maya", shown=("N1", "N2", "N3"), **fields):
    """The event of a page that was shown a minute before NOW."""
    return event("page", user_id, ago=60, page_id=page_id, shown=list(shown), **fields)

"""The state of a newsroom's events: how many are kept, how many wait for the next build, and when the last came."""

from contextlib import closing
from typing import Any

from broadsheet.errors import BroadsheetError
from broadsheet.live.events.held import held_by_corpus
from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom


def events_state(newsroom: Newsroom) -> dict[str, Any]:
    """Return figures of the event store and of the archive; nothing is counted row by row.

    `store` names the store, `kept` is the number of events in it, and `for_the_next_build` how many of these no build
    has carried into the corpus. `last` is when the last event happened and `received` when it came, None without an
    event. `archived_days` are the days whose events are in files. If the store cannot be reached, `problem` says why,
    and the store's figures are missing.
    """
    state: dict[str, Any] = {"archived_days": len(list(newsroom.events.glob("*.arrow")))}
    try:
        with closing(open_events(newsroom, newsroom.config())) as store:
            last = store.last()
            first, newest = store.after(0, 1).to_pylist(), store.after(last - 1, 1).to_pylist()
            name = store.name
        before = first[0]["sequence"] - 1 if first else last  # numbers have no gap
        return state | {
            "store": name,
            "kept": last - before,
            "for_the_next_build": last - max(before, held_by_corpus(newsroom)),
            "last": newest[0]["time"].isoformat() if newest else None,
            "received": newest[0]["received"].isoformat() if newest else None,
        }
    except BroadsheetError as error:
        return state | {"problem": str(error)}


def events_line(state: dict[str, Any]) -> str:
    """Return the same as a sentence."""
    days = state["archived_days"]
    archived = f" The archive has {days:,} day{'' if days == 1 else 's'}." if days else ""
    if "problem" in state:
        return f"Events: {state['problem']}{archived}"
    if not state["kept"]:
        return f"Events: none in the store ({state['store']}).{archived}"
    return (
        f"Events: {state['kept']:,} in the store ({state['store']}), of which {state['for_the_next_build']:,} wait for "
        f"the next build. The last happened {state['last'][:16].replace('T', ' ')} UTC.{archived}"
    )

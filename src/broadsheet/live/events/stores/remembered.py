"""Events of readers without those that are forgotten, from the call of `forget` on until a build blanks them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.readers.forgotten import Forgotten


def remembered(events: pa.Table, forgotten: Forgotten) -> pa.Table:
    """Return a table events without what forgotten readers did until the time of each; see `acts.happened`."""
    until = forgotten.among(pc.unique(events["user_id"]).to_pylist()) if len(forgotten) else {}
    if not until:
        return events
    columns = (events[name].to_pylist() for name in ("user_id", "time", "received"))
    kept = [user not in until or min(times) > until[user] for user, *times in zip(*columns, strict=True)]
    return events.filter(pa.array(kept, pa.bool_()))

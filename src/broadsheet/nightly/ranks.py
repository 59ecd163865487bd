"""Whether a table of lists, such as candidates or ranked, has the rows of each user together and its ranks in order."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def ranks_count_up(table: pa.Table) -> bool:
    """Return whether each user's rows stand together and their ranks are 1, 2, 3 …; reads one batch after the other."""
    seen, last, rank = set[str](), "", 0
    for batch in table.select(["user_id", "rank"]).to_batches():
        if not len(batch):
            continue
        runs = pc.run_end_encode(batch.column("user_id"))
        users, ends = runs.values.to_pylist(), np.asarray(runs.run_ends, np.int64)
        starts = np.r_[0, ends[:-1]]
        expected = np.arange(len(batch)) - np.repeat(starts, ends - starts) + 1  # users a a b give 1, 2, 1
        goes_on = users[0] == last and bool(seen)
        expected[: ends[0]] += rank if goes_on else 0  # the user's rows began in the batch before
        new = users[goes_on:]
        if len({*new}) < len(new) or not seen.isdisjoint(new):
            return False
        if not np.array_equal(batch.column("rank"), expected):
            return False
        seen.update(new)
        last, rank = users[-1], int(expected[-1])
    return True

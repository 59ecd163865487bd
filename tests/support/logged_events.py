"""Events of readers in an experiment, as a site logs them, with an effect that the test chooses."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from broadsheet.experiments.assignment import arm_of
from broadsheet.tables.fields import IDS, TIME

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("event_id", "kind", "user_id")),
        ("time", TIME),
        *((name, pa.string()) for name in ("page_id", "news_id", "undoes", "experiment", "arm")),
        ("seconds", pa.float64()),
        ("shown", IDS),
    ]
)


def event(number, kind, user, hours, page, **more):
    time = BEGAN + timedelta(hours=float(hours))
    return {"event_id": f"e{number}", "kind": kind, "user_id": user, "time": time, "page_id": page, **more}


def table(events):
    return pa.Table.from_pylist(events, schema=SCHEMA)


def make_events(name, experiment, *, readers=800, pages=4, rates=(0.2, 0.2), hides=(0.0, 0.0), seed=0, before=0):
    """Pages of 4 articles over ten days, each clicked with the rate of the arm times the reader's own taste.

    `before` are the pages that each reader saw in the ten days before the experiment.
    """
    rng, events, numbers = np.random.default_rng(seed), [], iter(range(10**9))
    shown = [f"N{number}" for number in range(4)]
    arms = list(experiment.arms)
    for user in (f"U{number}" for number in range(readers)):
        taste, arm = rng.gamma(4, 0.25), arm_of(name, experiment, user)
        if not arm:
            continue
        for hours in [*rng.uniform(-240, 0, before), *rng.uniform(0, 240, pages)]:
            page, place = f"p{next(numbers)}", arms.index(arm)
            is_within = hours >= 0
            of = {"experiment": name, "arm": arm} if is_within else {}
            events.append(
                event(next(numbers), "page", user, hours, page, shown=shown, seconds=0.05 + 0.1 * place, **of)
            )
            if rng.random() < min(1.0, taste * (rates[place] if is_within else rates[0])):
                events.append(event(next(numbers), "click", user, hours + 0.01, page, news_id="N1"))
            if is_within and rng.random() < hides[place]:
                events.append(event(next(numbers), "hide", user, hours + 0.02, page, news_id="N2"))
    return table(events)

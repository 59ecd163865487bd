"""The challengers: each model in use learns on from the impressions since those that it learned from."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from broadsheet.corpus.impressions import Impression
from broadsheet.progress import Say
from broadsheet.training.learning_on.champions import Champion
from broadsheet.training.learning_on.learned import Learned
from broadsheet.training.learning_on.new_impressions import Pool
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.learned_fusion import LearnedFusion


@dataclass(frozen=True)
class Examples:
    """What there is to learn from and to compare on."""

    pool: Pool
    "All impressions up to the last one to learn from."
    until: datetime
    "Its time."
    held_out: Sequence[Impression]
    propensities: Mapping[int, Sequence[float] | None]
    "Those of the slots of the held-out impressions, by the impression's number; None where they were not logged."


def learn_each(
    bench: Workbench, champions: Mapping[str, Champion], examples: Examples, seed: int, say: Say
) -> Iterator[tuple[str, Learned]]:
    """Yield the name of the user tower and of the attentive scorer, as far as they are in use, and what they became.

    A model without a new impression of a reader with a history is left out. Raises TrainingError if a loss is no finite
    number.
    """
    from broadsheet.training.learning_on.attention import learn_attention
    from broadsheet.training.learning_on.towers import learn_towers

    read: dict[datetime | None, tuple[list[Impression], list[Impression]]] = {}
    for name, go_on in (("towers", learn_towers), ("attention", learn_attention)):
        if name not in champions:
            continue
        started, since = time.monotonic(), champions[name].until
        if since not in read:  # models that learned until the same moment go on from the same impressions
            read[since] = _new_and_old(bench, examples.pool, since, seed)
        new, old = read[since]
        if any(one.history_rows for one in new):
            found = go_on(bench, champions[name].folder, new, old, examples.held_out, seed)
            took = time.monotonic() - started
            say(f"{name} learned on from {found.learned} new and {found.replayed} older examples ({took:.1f} s)")
            yield name, found


def _new_and_old(
    bench: Workbench, pool: Pool, since: datetime | None, seed: int
) -> tuple[list[Impression], list[Impression]]:
    """Return the impressions after a moment, and some from before it."""
    settings = bench.models.config.learning
    new = pool.after(since).newest(settings.most).read()
    count = round(settings.replay / (1 - settings.replay) * len(new))
    return new, pool.until(since).drawn(count, seed).read() if since else []


def grown_fusion(
    bench: Workbench, champions: Mapping[str, Champion], examples: Examples, say: Say
) -> LearnedFusion | None:
    """Return the fusion with more trees, from impressions that no model in use learned from; None without enough."""
    from broadsheet.training.learning_on.fusion import LEAST, learn_fusion, most_ranked

    if "fusion" not in champions or bench.models.fusion is None:
        return None
    learned = max((one.until for one in champions.values() if one.until), default=None)
    new = examples.pool.after(learned).newest(most_ranked(bench)).read()
    if len(new) < min(LEAST, most_ranked(bench)):
        say(f"fusion: {len(new)} new impressions, expected {LEAST} or more to learn on from; it stays as it is")
        return None
    return learn_fusion(bench, bench.models.fusion, champions["fusion"].card, new)

"""The signals of what impressions show, with counters as old as several delays.

What is known of the reader counts at once, also what was clicked earlier in the same visit: it is the history of the
impression. An article's age is as of the impression. What other readers did counts up to the impression's time less
the delay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from broadsheet.corpus.exposures import no_exposures
from broadsheet.corpus.impressions import Impression
from broadsheet.evaluation.settings import make_log
from broadsheet.offline.counters import COUNTERS, co_clicks_of, counters_of
from broadsheet.offline.signals import DAY, attention_scores, impression_signals, unseen_scores
from broadsheet.rerank.learned_fusion import Lists
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.workbench import Workbench

SECONDS: Mapping[str, float] = {"0 s": 0.0, "5 min": 300.0, "1 h": 3600.0}
"""Delays of a fixed length."""
NIGHT, CONTENT_ONLY = "a night", "content-only"
DELAYS = (*SECONDS, NIGHT, CONTENT_ONLY)
NOTES = {
    **{name: f"what others did up to {name} before the impression" for name in SECONDS},
    NIGHT: "what others did up to the last midnight, UTC",
    CONTENT_ONLY: "what others did before the first impression of the split: nothing of its own days",
}
"""What the counters of each delay count."""


def moments_of(impressions: Sequence[Impression]) -> dict[str, Floats]:
    """Return for each delay the epoch seconds before which something counts for each impression (impressions,)."""
    times = np.array([one.time.timestamp() for one in impressions])
    moments = {name: times - seconds for name, seconds in SECONDS.items()}
    return moments | {NIGHT: times // DAY * DAY, CONTENT_ONLY: np.full(len(times), times.min(initial=np.inf))}


def counters_at(
    data: EditionData, impressions: Sequence[Impression], *, co_clicks: bool
) -> dict[str, dict[str, Floats]]:
    """Return for each delay the counters of what impressions show, laid end to end (shown,), NaN where absent.

    Without `co_clicks` that counter, which depends on the reader, is left out.
    """
    moments = moments_of(impressions)
    found = {name: counters_of(data, impressions, at) for name, at in moments.items()}
    if co_clicks:
        for name, scores in co_clicks_of(data.clicks, len(data.catalogue), impressions, moments).items():
            found[name]["co_click"] = scores
    return found


def lists_at(bench: Workbench, impressions: Sequence[Impression], *, appearances: bool = False) -> dict[str, Lists]:
    """Return for each delay all signals of the re-ranker, the site's own among them.

    What neither is a counter nor reads counters is the same at each delay, and computed without any click or showing of
    others. What the reader was shown counts at once. `appearances` says that the corpus has no publication times, and
    that an article's time is that of its first appearance: then it is known as late as a click is.
    """
    catalogue = bench.data.catalogue
    nothing = replace(bench.data, articles=catalogue, click_log=make_log([]), showings=no_exposures())
    parts = list(impression_signals(bench.over(nothing), impressions))
    own = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name not in COUNTERS}
    own["unseen"] = unseen_scores(bench, impressions)
    counted = counters_at(bench.data, impressions, co_clicks=True)
    fresh = fresh_at(bench.data, impressions, own["freshness"], appearances=appearances)
    names, found = [*parts[0]], {}
    for delay, counters in counted.items():
        signals = own | counters | {"freshness": fresh[delay]}
        signals["attention"] = attention_scores(bench, impressions, signals)  # it reads the counters and the age
        found[delay] = labelled({name: signals[name] for name in names}, impressions)
    return found


def fresh_at(
    data: EditionData, impressions: Sequence[Impression], fresh: Floats, *, appearances: bool
) -> dict[str, Floats]:
    """Return for each delay the signal freshness (shown,), NaN where the article's time is not known yet.

    Without `appearances` times are publication times, which a publisher knows at once.
    """
    rows = np.array([row for one in impressions for row in one.shown_rows], np.int64)
    times, lengths = data.catalogue.published_at[rows], [len(one.shown) for one in impressions]
    return {
        delay: np.where(times < np.repeat(at, lengths), fresh, np.nan) if appearances else fresh
        for delay, at in moments_of(impressions).items()
    }


def labelled(signals: Mapping[str, Floats], impressions: Sequence[Impression]) -> Lists:
    """Return signals (shown,) with what was clicked, to learn from or to measure."""
    clicked = np.array([hit for one in impressions for hit in one.clicked], np.bool_)
    return Lists(signals, clicked, np.array([len(one.shown) for one in impressions], np.int64))

"""Readers and click logs to try the sources on."""

import numpy as np

from broadsheet.corpus.click_log import ClickLog, make_click_log
from broadsheet.retrieval.sources.source_input import SourceInput


def clicks_of(clicks) -> ClickLog:
    """A log from tuples of a reader's number, a catalogue row and a time in epoch seconds."""
    users, rows, times = zip(*clicks, strict=True) if clicks else ((), (), ())
    return make_click_log(np.array(users, np.int64), np.array(rows, np.int64), np.array(times, np.float64))


def reader(*, history=(), excluded=(), interests=None, near=None, co_clicks=None) -> SourceInput:
    """A reader of whom nothing is known but what is named; `co_clicks` is a mapping from row to score."""
    found = sorted((co_clicks or {}).items())
    return SourceInput(
        history=np.array(history, np.int64),
        excluded=np.unique(np.array(excluded, np.int64)),
        interests=np.zeros((1, 4), np.float32) if interests is None else np.asarray(interests, np.float32),
        near=np.zeros((1, 0), np.int64) if near is None else np.asarray(near, np.int64),
        vectors=lambda rows: np.zeros((len(rows), 4), np.float32),
        co_clicks=(np.array([row for row, _ in found], np.int64), np.array([score for _, score in found], np.float64)),
    )

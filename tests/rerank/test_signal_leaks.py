"""No signal knows of what happens at the request or after it, and each knows of what happened before."""

from dataclasses import fields, replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from broadsheet.config.rerank import Weights
from broadsheet.corpus.catalogue import extend
from broadsheet.corpus.exposures import make_exposures
from broadsheet.evaluation.settings import make_log
from broadsheet.offline.signals import impression_signals
from broadsheet.offline.workbenches import open_bench
from broadsheet.rerank.signals import SIGNALS
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import NEWS
from tests.support.evaluated import SHOWN_AT, make_attention, make_room
from tests.support.impressions import impression_of
from tests.support.tiny import TOPICS, make_news

NOW = SHOWN_AT.timestamp()
HOUR = 3600.0
READ = ["N0", "N3", "N6"]
SHOWN = ["N9", "N12", "N10", "N11", "N14"]
CLICKS = [("a", 3, NOW - HOUR), ("a", 12, NOW - HOUR), ("b", 6, NOW - 2 * HOUR), ("b", 14, NOW - HOUR)]
CLICKS += [("d", 11, NOW - 8 * HOUR)]
SHOWINGS = [(9, NOW - HOUR, 1), (9, NOW - 2 * HOUR, 0), (12, NOW - HOUR, 0), (14, NOW - 3 * HOUR, 1)]
"""Rows, which are the numbers of the articles: N12 and N14 were clicked by those who clicked what the reader read."""

EARLIER = {
    "relevance": {"read": [*READ, "N10"]},
    "attention": {"read": [*READ, "N10"]},
    "two_tower": {"read": [*READ, "N10"]},
    "affinity": {"read": [*READ, "N10"]},
    "subcategory_affinity": {"read": [*READ, "N10"]},
    "source_affinity": {"read": [*READ, "N10"]},
    "popularity": {"clicks": [*CLICKS, ("c", 9, NOW - 0.001)]},
    "co_click": {"clicks": [*CLICKS, ("a", 11, NOW - 0.001)]},
    "trend": {"clicks": [*CLICKS, ("c", 9, NOW - 0.001)]},
    "click_rate": {"showings": [*SHOWINGS, (10, NOW - 0.001, 1)]},
    "unseen": {"showings": [*SHOWINGS, (10, NOW - 0.001, 0)]},
    "freshness": {"time": SHOWN_AT + timedelta(hours=1)},
}
"""For each signal something known before the request that must change it; else nothing after it could be told to."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory, encoder):
    room = make_room(tmp_path_factory.mktemp("leaks") / "room", encoder)
    make_attention(room.attention, encoder)
    return open_bench(room)


def signals(bench, *, read=READ, clicks=CLICKS, showings=SHOWINGS, late=(), time=SHOWN_AT):
    """The signals of what one reader is shown, by a newsroom that knows of these clicks, showings and late articles."""
    rows, times, clicked = (np.array(values) for values in zip(*showings, strict=True))
    data = replace(
        bench.data,
        articles=with_late(bench.data.catalogue, late),
        click_log=make_log(clicks),
        showings=make_exposures(rows, times, clicked.astype(np.int8), None, np.zeros(len(rows), np.int64), ["fan"]),
    )
    view = bench.over(data)
    impression = impression_of(view.data.catalogue, "fan", time, read, SHOWN, [True] + [False] * (len(SHOWN) - 1))
    return next(impression_signals(view, [impression]))


def with_late(catalogue, late):
    """The catalogue with articles (topic, seconds after the request) that are else copies of one shown."""
    texts = make_news()
    rows = [
        {**texts[9], "news_id": f"late-{number}", "category": topic, "subcategory": "", "language": "", "url": ""}
        | {"published_at": SHOWN_AT + timedelta(seconds=after), "content_hash": f"{number:016x}"}
        for number, (topic, after) in enumerate(late)
    ]
    return extend(catalogue, from_rows(rows, NEWS), catalogue.vectors_of([9] * len(rows)), ()) if rows else catalogue


LATER = st.floats(0, 1e6)
AT_OR_AFTER = {
    "clicks": st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 59), LATER), min_size=1, max_size=20),
    "showings": st.lists(st.tuples(st.integers(0, 59), LATER, st.integers(0, 1)), min_size=1, max_size=20),
    "late": st.lists(st.tuples(st.sampled_from(list(TOPICS)), st.floats(1e-3, 1e6)), min_size=1, max_size=5),
}
AT_ONCE = {
    "clicks": [("a", 9, 0.0), ("a", 11, 0.0), ("b", 10, 0.0)],
    "showings": [(9, 0.0, 0), (10, 0.0, 1), (11, 0.0, 1)],
    "late": [("sports", 1e-3)],
}
"""At the very moment of the request; an article that is published then is out, so it comes a millisecond later."""


@pytest.mark.parametrize("name", [field.name for field in fields(Weights)])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(planted=st.fixed_dictionaries(AT_OR_AFTER))
@example(planted=AT_ONCE)
def test_what_happens_at_the_request_or_after_it_changes_no_signal(bench, name, planted):
    found = signals(
        bench,
        clicks=[*CLICKS, *((user, row, NOW + after) for user, row, after in planted["clicks"])],
        showings=[*SHOWINGS, *((row, NOW + after, hit) for row, after, hit in planted["showings"])],
        late=planted["late"],
    )
    np.testing.assert_array_equal(found[name], signals(bench)[name])


@pytest.mark.parametrize("name", [field.name for field in fields(Weights)])
def test_what_was_known_before_the_request_changes_its_signal(bench, name):
    before, after = signals(bench)[name], signals(bench, **EARLIER[name])[name]
    assert np.isfinite(before).any() and not np.array_equal(before, after, equal_nan=True)


def test_every_signal_has_a_weight_and_a_test_of_leaks():
    assert set(SIGNALS) == {field.name for field in fields(Weights)} == set(EARLIER), "add what must change the new one"

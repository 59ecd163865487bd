"""A reader of an impression is the reader that a request at the same moment would have found."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from broadsheet.importers.transaction import Import
from broadsheet.offline.replay import readers_as_of
from broadsheet.offline.signals import attention_requests
from broadsheet.offline.workbenches import open_bench
from broadsheet.readers.state import reader_states
from broadsheet.workbench.workbench import Workbench
from tests.support.impressions import impression_of

READ = [("N3", 600, 20.0, 0.5), ("N4", 400, 500.0, 1.0), ("N9", 90, None, None), ("N3", 30, 10.0, 0.25)]
"""Articles, how many seconds before the request they were clicked, seconds read, and scroll."""


def test_an_impression_and_a_request_at_its_moment_know_the_same_of_the_reads(room):
    now = open_bench(room).data.as_of + timedelta(hours=1)
    names = ("news_id", "time", "dwell_seconds", "scroll")
    clicks = [(news_id, now - timedelta(seconds=before), *rest) for news_id, before, *rest in READ]
    later = [("N4", now, 5.0, 0.1), ("N9", now + timedelta(seconds=1), 700.0, 1.0)]
    with Import(room) as add:
        add.clicks({"user_id": "newcomer", **dict(zip(names, one, strict=True))} for one in [*clicks, *later])
    bench = open_bench(room)
    data = replace(bench.data, edition=replace(bench.data.edition))
    impression = impression_of(
        data.catalogue, "newcomer", now, ["N4", "gone", "N9", "N3"], ["N10", "N11"], [True, False]
    )
    (replayed,) = readers_as_of(data, [impression])
    (asked,) = reader_states(data.readers.audience.state(["newcomer"], now), data.catalogue)
    expected = [[400, np.nan, np.nan], [90, np.nan, np.nan], [30, 20, 0.5]]  # N4 and the last read of N3 still last
    np.testing.assert_array_equal(asked.reads, expected)
    np.testing.assert_array_equal(replayed.reads, expected)
    settings = bench.models.config
    short = replace(settings, retrieval=replace(settings.retrieval, history=2))
    two = Workbench(bench.data, replace(bench.models, config=short))
    (request,) = attention_requests(two, [impression], [np.zeros((2, 5))])
    assert list(request.history) == data.catalogue.rows(["N3", "N9"]), "the newest two, as in a ranking"
    np.testing.assert_array_equal(request.reads, expected[:0:-1])

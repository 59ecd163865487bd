"""A workbench over other data: nothing of the old data is left in it, and the models are the very same."""

from dataclasses import replace
from functools import cached_property

import numpy as np
import pytest

from broadsheet.corpus.click_log import make_click_log
from broadsheet.corpus.exposures import make_exposures
from broadsheet.importers.transaction import Import
from broadsheet.pipeline import Pipeline
from broadsheet.tables.schemas import SOURCES
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import Workbench, open_current
from tests.support.late_articles import row

MADE_OF_FILES = {"index"}
"""What a workbench over other data shares: it is made of the edition's files alone."""
FIELDS = {
    "articles": lambda data: replace(data.catalogue, published_at=data.catalogue.published_at + 1),
    "click_log": lambda data: make_click_log(np.array([1]), np.array([2]), np.array([3.0])),
    "showings": lambda data: make_exposures(np.array([1]), np.array([2.0]), np.array([1], np.int8)),
    "as_of": lambda data: data.as_of.replace(year=2030),
}
"""For each field that a variant of the data changes, another value."""


def cached(kind):
    return {name for name, value in vars(kind).items() if isinstance(value, cached_property)}


@pytest.fixture(scope="module")
def bench(clicked):
    """A workbench of which everything was worked out."""
    bench = open_current(clicked)
    for thing in (bench, bench.data, bench.data.readers, bench.models):
        for name in cached(type(thing)):
            getattr(thing, name)
    return bench


@pytest.mark.parametrize("field", FIELDS)
def test_a_workbench_over_other_data_holds_nothing_of_the_old_and_the_same_models(bench, field):
    later = bench.over(replace(bench.data, **{field: FIELDS[field](bench.data)}))
    assert later.models is bench.models and later.data.readers is bench.data.readers
    assert later.search is bench.search, "no other search was given"
    assert later.selection is bench.selection is None, "no filters are set"
    for name in cached(Workbench) - MADE_OF_FILES - {"search", "policy", "selection"}:
        assert getattr(later, name) is not getattr(bench, name), name
    for name, given in (("catalogue", "articles"), ("clicks", "click_log"), ("exposures", "showings")):
        assert getattr(later.data, name) is not getattr(bench.data, name)
        assert given != field or getattr(later.data, name) is getattr(later.data, given)
    assert later.data.reads is not bench.data.reads
    known = {"catalogue", "clicks", "exposures", "reads", "vectors"}
    assert cached(EditionData) == known, "a new one needs a line in this test"


def test_what_is_worked_out_of_the_clicks_and_showings_is_shared_by_the_same_logs_only(bench):
    logs = {"click_log": bench.data.clicks, "showings": bench.data.exposures}
    same = bench.over(replace(bench.data, **logs))
    other = bench.over(replace(bench.data, **logs | {"click_log": FIELDS["click_log"](bench.data)}))
    assert same.logs() is bench.logs() and other.logs() is not bench.logs()
    assert other.logs().clicks is other.data.click_log and other.logs().exposures is bench.data.exposures


def test_models_are_opened_once_for_all_that_share_them(bench):
    first, second = (bench.over(replace(bench.data, as_of=FIELDS["as_of"](bench.data))) for _ in range(2))
    assert all(getattr(first.models, name) is getattr(second.models, name) for name in cached(EditionModels))


def test_after_an_update_clicks_and_showings_are_those_that_the_files_give_for_the_new_articles(room):
    with Import(room) as add:
        shown = {"user_id": "fan", "history": [], "propensity": None, "time": Pipeline.open(room.path).bench.data.as_of}
        add.impressions("shown", [{**shown, "impression_id": "1", "shown": ["N15", "N3"], "clicked": [True, False]}])
    opened = Pipeline.open(room.path)
    opened.add([row("N15", title="Coach says new goal"), row("X1")])
    opened.withdraw(["N3"])
    moved = opened.bench.data
    read = replace(moved, click_log=None, showings=None)
    for name in ("users", "rows", "times"):
        np.testing.assert_array_equal(getattr(moved.clicks, name), getattr(read.clicks, name))
    for name in ("rows", "times", "clicked"):
        np.testing.assert_array_equal(getattr(moved.exposures, name), getattr(read.exposures, name))
    assert moved.catalogue.row_of["N15"] == 60 and 60 in moved.clicks.rows and 60 in moved.exposures.rows


def test_a_retriever_with_other_weights_has_each_source_that_is_named_and_no_other(bench):
    readers = bench.readers(bench.data.readers.audience.state(["fan"], bench.data.as_of))
    for source in SOURCES:
        retriever = bench.make_retriever({source: 1.0})
        table = retriever(readers, retriever.vectors(readers), bench.data.as_of)
        scores = np.nan_to_num(np.asarray(table[source].to_numpy(), np.float64))
        np.testing.assert_allclose(table["fused"].to_numpy(), scores, atol=1e-6)

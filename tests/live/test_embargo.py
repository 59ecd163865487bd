"""Embargo and expiry: an article is nowhere before its time and nowhere after it, without a build."""

import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from broadsheet.corpus.catalogue import as_of_now
from broadsheet.errors import CorpusError
from broadsheet.importers.transaction import Import
from broadsheet.live.live_workbench import Live, request_time
from broadsheet.live.trending import trending
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.operations.export_vectors import export_vectors
from broadsheet.pages.article_lists import latest, visible
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CANDIDATES, DIGESTS, NEWS, RANKED, STORIES
from broadsheet.workbench.workbench import open_current
from tests.support.late_articles import CUP, everything, ids
from tests.support.late_articles import row as late
from tests.support.tiny import START, make_news, make_newsroom

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
SOON, LATER = NOW + HOUR, NOW + 2 * HOUR


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.time = NOW

    def __call__(self):
        return self.time.timestamp()


@pytest.fixture(scope="module")
def planned(tmp_path_factory, encoder):
    """A newsroom of whose articles N57 has an embargo until SOON, N54 expires at SOON, and N51 has expired."""
    room = make_newsroom(tmp_path_factory.mktemp("planned") / "newsroom", encoder)
    times = {57: {"embargo_until": SOON, "expires_at": LATER}, 54: {"expires_at": SOON}, 51: {"expires_at": NOW - HOUR}}
    rows = make_news()
    with Import(room) as add:
        add.news([rows[number] | columns for number, columns in times.items()])
        add.clicks([{"user_id": "a", "news_id": f"N{n}", "time": START + 58 * HOUR} for n in (54, 57)])
    build(room, "all")
    return room


@pytest.fixture
def room(planned, tmp_path):
    return Newsroom(shutil.copytree(planned.path, tmp_path / "room", symlinks=True))


@pytest.fixture
def live(room):
    """The workbench of requests at times of the test's choice: a function from a time, and the clock."""
    clock = Clock()
    pipeline = Pipeline.open(room)
    pipeline._live = Live(open_current(room), pipeline.events, clock)

    def at(time):
        clock.time = time
        return pipeline

    return at


def shown(pipeline):
    """Everything that any list, page or answer of a pipeline holds."""
    bench = pipeline.bench
    as_of = request_time(bench)
    found = set(ids(everything(pipeline, "fan"))) | set(ids(pipeline.ask("football match", 60)))
    found |= {news_id for news_id, _ in pipeline.trending(60)} | {
        news_id for news_id, _ in trending(bench, as_of, 60, None, None)
    }
    found |= set(bench.data.catalogue.ids(latest(bench, as_of)).to_pylist())
    found |= set(bench.data.catalogue.ids(np.flatnonzero(visible(bench, as_of))).to_pylist())
    return found


def test_an_article_comes_at_the_second_its_embargo_ends_and_goes_at_the_second_it_expires(live):
    second = timedelta(seconds=1)
    for time, expected in (
        (NOW, {"N54"}),
        (SOON - timedelta(microseconds=1), {"N54"}),
        (SOON, {"N57"}),
        (LATER - timedelta(microseconds=1), {"N57"}),
        (LATER, set()),
        (LATER + second, set()),
    ):
        assert shown(live(time)) & {"N51", "N54", "N57"} == expected, time


def test_a_request_keeps_the_articles_that_it_began_with_and_the_next_request_has_the_others(live):
    bench = live(NOW).bench
    assert live(NOW + HOUR / 2).bench is bench
    later = live(SOON).bench
    assert later is not bench and "N57" in later.data.catalogue.row_of and "N57" not in bench.data.catalogue.row_of
    assert later.search is bench.search and live(SOON).bench is later


def test_an_edition_has_vectors_of_an_article_under_embargo_and_no_text_list_or_digest_of_it(room):
    edition = room.current()
    assert "N57" in read_table(edition.news, NEWS)["news_id"].to_pylist()
    assert "N51" not in read_table(edition.news, NEWS)["news_id"].to_pylist()
    tables = (
        (edition.candidates, CANDIDATES),
        (edition.ranked, RANKED),
        (edition.stories, STORIES),
        (edition.digests, DIGESTS),
    )
    for path, schema in tables:
        assert not {"N57", "N51"} & set(read_table(path, schema)["news_id"].to_pylist())
    assert not any("N57" in row["news_ids"] for row in read_table(edition.digests, DIGESTS).to_pylist())


def test_an_export_of_vectors_leaves_out_what_is_under_embargo(room, tmp_path):
    export_vectors(room, tmp_path / "vectors")
    names = (tmp_path / "vectors" / "news_ids.txt").read_text("utf-8").split()
    assert "N57" not in names and "N54" in names and len(names) == 58


def test_an_article_that_is_added_with_an_embargo_comes_without_a_build(live):
    pipeline = live(NOW)
    pipeline.add([late("L1", embargo_until=SOON.isoformat()), late("L2", title="Team wins the cup", expires_at=SOON)])
    assert shown(pipeline) & {"L1", "L2"} == {"L2"}
    assert shown(live(SOON)) & {"L1", "L2"} == {"L1"}


def test_a_correction_without_the_columns_keeps_an_embargo_and_an_empty_value_ends_it(live, room):
    pipeline = live(NOW)
    changed = {**CUP, "news_id": "N57", "published_at": START + 58 * HOUR}
    pipeline.add([changed | {"title": "Coach says match"}])
    assert "N57" not in shown(pipeline)
    assert pipeline.bench.data.catalogue.shown_when("N57") == {"embargo_until": SOON, "expires_at": LATER}
    with Import(room) as add:
        add.news([changed | {"title": "Coach says goal"}])
    rows = {row["news_id"]: row for row in read_table(room.news, NEWS).to_pylist()}
    assert (rows["N57"]["embargo_until"], rows["N57"]["expires_at"]) == (SOON, LATER)
    pipeline.add([changed | {"embargo_until": ""}])
    assert "N57" in shown(pipeline) and "N57" not in shown(live(LATER))


@pytest.mark.parametrize(
    "columns, said",
    [
        ({"embargo_until": "soon"}, "embargo_until: unreadable time"),
        ({"expires_at": "never"}, "expires_at: unreadable time"),
        ({"embargo_until": LATER, "expires_at": SOON}, "expires before its embargo ends"),
    ],
)
def test_a_time_that_cannot_be_read_refuses_the_article_since_to_show_it_may_be_wrong(live, columns, said):
    with pytest.raises(CorpusError, match=said):
        live(NOW).add([late("L3", **columns)])


def test_a_catalogue_says_when_it_changes_next(live):
    catalogue = live(NOW).bench.data.catalogue
    assert catalogue.next_change(NOW.timestamp()) == SOON.timestamp()
    assert catalogue.next_change(SOON.timestamp()) == LATER.timestamp()
    assert catalogue.next_change(LATER.timestamp()) == np.inf
    assert as_of_now(catalogue, NOW.timestamp()) is catalogue

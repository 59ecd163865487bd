"""What changes acts and pages that an edition holds counts at once, as the next build will count it."""

import numpy as np
import pytest

from broadsheet.config.acts import ActsConfig, ActsInPopularity
from broadsheet.corpus.click_log import read_click_log
from broadsheet.corpus.exposures import UNKNOWN, read_exposures
from broadsheet.corpus.worth import DEFAULT
from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.held import held_by_corpus
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.live.in_force import InForce
from broadsheet.nightly.carry_events import carry_events
from broadsheet.retrieval.sources.popularity_freshness import decayed_counts
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import CLICKS, USERS
from tests.support.events import NOW, bare_newsroom, event, page
from tests.support.stage_contract import catalogue_of

CATALOGUE = catalogue_of(np.eye(4))
WEIGHED = ActsConfig(popularity=ActsInPopularity(like=4, hide=-3, long_read=5))
AS_OF = NOW.timestamp() + 3600


class Night:
    """A newsroom, its log of events, and its counts: live since the last build, and as the next build makes them."""

    def __init__(self, path, acts):
        self.room, self.acts = bare_newsroom(path), acts
        write_table(self.room.clicks, CLICKS.empty_table(), CLICKS)
        write_table(self.room.users, USERS.empty_table(), USERS)
        self.store = SqliteEvents(self.room)
        self.log = EventLog(self.store, KnownArticles(self.room))

    def build(self):
        with self.room.lock():
            carry_events(self.room, self.store)
        return self.opened()

    def opened(self):
        held = held_by_corpus(self.room)
        clicks = read_click_log(read_table(self.room.clicks, CLICKS), CATALOGUE, self.acts)
        showings = read_exposures(self.room.all_impressions(), CATALOGUE)
        return InForce(self.store, clicks, showings, CATALOGUE.row_of, (held, held), every=0)


def counted(logs):
    """What counts: the clicks, the popularity, and the showings with what was clicked."""
    clicks, shown = logs.clicks, logs.exposures
    showings = sorted(zip(shown.rows.tolist(), shown.times.tolist(), shown.clicked.tolist(), strict=True))
    pairs = sorted(zip(clicks.rows.tolist(), clicks.times.tolist(), strict=True))
    return pairs, decayed_counts(clicks.counted, AS_OF, 4).round(6).tolist(), showings, sorted(shown.slots.tolist())


@pytest.fixture(params=[DEFAULT, WEIGHED], ids=["as clicks", "weighed"])
def night(request, tmp_path):
    return Night(tmp_path / "newsroom", request.param)


def late(night, *events):
    """Counts after some more events: of a process that was open, of a process opened now, and after the next build."""
    here = night.opened()
    here()
    for one in events:
        report = night.log([one])
        assert not report.refused, str(report)
        here()
    found = counted(here()), counted(night.opened()())
    return [*found, counted(night.build()())]


def test_a_click_of_the_edition_that_is_taken_back_counts_no_more(night):
    mine, others = event("click", news_id="N1", ago=60), event("click", "", news_id="N2", ago=50)
    night.log([mine, event("dwell", news_id="N1", seconds=90, ago=55), others, event("click", "tom", news_id="N1")])
    night.build()
    here, there, after = late(
        night, event("undo", undoes=mine["event_id"]), event("undo", "", undoes=others["event_id"])
    )
    assert here == there == after and [row for row, _ in here[0]] == [1]


def test_a_read_of_a_click_of_the_edition_is_a_long_read_at_once(night):
    night.log([event("click", news_id="N1", ago=600), event("like", "tom", news_id="N2", ago=600)])
    night.build()
    dwells = [event("dwell", news_id="N1", seconds=90, ago=500), event("dwell", "tom", news_id="N2", seconds=9)]
    here, there, after = late(night, *dwells)
    assert here == there == after
    assert here[1][1] / here[1][2] == pytest.approx(5 / 4 if night.acts is WEIGHED else 1, rel=0.01)


def test_what_happens_on_a_page_of_the_edition_counts_at_once(night):
    chances = [0.5, 0.25]
    night.log([page("p1", propensity=[0.5] * 3), page("p2", "tom", shown=["N3", "N1"], propensity=chances)])
    night.log([event("click", page_id="p1", slot=3, ago=50), event("view", "tom", page_id="p2", slot=1, ago=50)])
    night.build()
    acts = [event("click", page_id="p1", slot=1, ago=40), event("view", page_id="p1", slot=2, ago=30)]
    acts += [event("click", "tom", page_id="p2", slot=2, ago=20), event("view", "tom", page_id="p2", slot=1, ago=10)]
    here, there, after = late(night, *acts)
    assert here[2] == there[2] == after[2]
    assert sorted((row, clicked) for row, _, clicked in here[2]) == [(1, 1), (1, 1), (2, 0), (3, 0), (3, 1)]
    assert set(here[3]) == {UNKNOWN}, "what is known to have come in sight counts whole"


def test_acts_of_unknown_readers_leave_what_the_edition_holds_as_it_is(night):
    night.log([page("q", ""), event("click", "", page_id="q", slot=1, ago=50)])
    night.build()
    here, there, _ = late(night, event("click", "", page_id="q", slot=2), event("dwell", "", news_id="N3", seconds=70))
    assert here == there and len(here[0]) == 2 and here[2] == []

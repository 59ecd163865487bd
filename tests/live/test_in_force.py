"""What readers do is in force in each process that has the newsroom open: at the next request, and in the counts."""

from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.corpus.exposures import no_exposures
from broadsheet.errors import ContractError, NewsroomError
from broadsheet.live import in_force as module
from broadsheet.live import live_readers
from broadsheet.live.live_workbench import request_time
from broadsheet.pipeline import Pipeline
from broadsheet.retrieval.sources.logs import Logs
from tests.support.late_articles import everything, ids, row
from tests.support.tiny import START

LATER = START + timedelta(hours=60)
"""After all that the newsroom's tables hold."""


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch):
    monkeypatch.setattr(module, "LOOKS_EVERY", 0.0)
    monkeypatch.setattr(module, "MOST_OF_THE_TIME", float("inf"))


def act(kind, number, news_id=None, user_id="nobody", minutes=0, **fields):
    """An event of some minutes after LATER."""
    named = {} if news_id is None else {"news_id": news_id}
    about = {"event_id": f"e{number}", "kind": kind, "user_id": user_id, "time": LATER + timedelta(minutes=minutes)}
    return about | named | fields


def signals(pipeline, name, reader="new reader"):
    page = everything(pipeline, reader)
    return dict(zip(ids(page), [row[name] for row in page.stories["signals"].to_pylist()], strict=True))


def test_a_hidden_article_is_on_no_page_of_its_reader_in_any_process(room):
    here, there = Pipeline.open(room.path), Pipeline.open(room.path)
    hidden = ids(there.run("fan", 3))[0]
    assert here.log(act("hide", 1, hidden, "fan")).refused == {}
    assert hidden not in ids(everything(there, "fan")) and hidden not in ids(everything(here, "fan"))
    assert hidden in ids(everything(there, "a")), "another reader sees it"
    here.log(act("undo", 2, user_id="fan", minutes=1, undoes="e1"))
    assert hidden in ids(everything(there, "fan"))


def test_a_click_makes_a_new_reader_a_known_reader_with_a_history(opened):
    assert opened.run("nobody").kind == "new"
    opened.log(act("click", 1, "N7"))
    page = opened.run("nobody", 60)
    assert page.kind == "known" and "N7" not in ids(page), "what was read is not shown again"


def test_clicks_of_others_raise_the_popularity_and_trend_of_an_article_at_once(opened):
    before = {name: signals(opened, name) for name in ("popularity", "trend")}
    opened.log([act("click", number, "N44", f"r{number}") for number in range(8)])
    after = {name: signals(opened, name) for name in ("popularity", "trend")}
    assert before["popularity"]["N44"] < 1 and after["popularity"]["N44"] == 1, "it is read most"
    assert before["trend"]["N44"] <= 0 < after["trend"]["N44"]


def test_the_counts_are_those_of_a_process_that_opens_the_newsroom_after_the_events(room):
    here = Pipeline.open(room.path)
    shown = ids(here.run("fan", 5))
    here.log(act("page", 0, user_id="fan", page_id="p", shown=shown, propensity=[0.5] * 5))
    here.log([act("click", 1, shown[0], "fan", 1, page_id="p", slot=1), act("click", 2, "N7", "new", 2)])
    signals(here, "popularity")
    here.log(act("click", 3, shown[2], "fan", 3, page_id="p", slot=3))
    there = Pipeline.open(room.path)
    for name in ("popularity", "click_rate", "trend", "unseen"):
        assert signals(here, name, "fan") == signals(there, name, "fan"), name
    assert here.run("fan").as_of == there.run("fan").as_of == LATER + timedelta(minutes=3, seconds=1)


def test_a_page_is_shown_once_and_what_was_clicked_on_it_is_a_click_there(opened):
    shown = ids(opened.run("a", 4))
    opened.log(act("page", 0, user_id="a", page_id="p", shown=shown))
    seen = signals(opened, "unseen", "a")
    assert [seen[news_id] for news_id in shown] == [0.5] * 4, "shown and passed over once"
    opened.log(act("click", 1, shown[1], "a", 1, page_id="p", slot=2))
    rates = signals(opened, "click_rate", "a")
    assert rates[shown[0]] < 0 and shown[1] not in rates
    assert signals(opened, "click_rate", "b")[shown[1]] > 0, "it was clicked where it was shown"
    opened.log(act("undo", 2, user_id="a", minutes=2, undoes="e1"))
    assert signals(opened, "unseen", "a")[shown[1]] == 0.5 and signals(opened, "popularity", "b")[shown[1]] == 0


def test_where_a_page_tells_what_came_in_sight_only_that_was_shown(opened):
    shown = ids(opened.run("a", 4))
    opened.log(act("page", 0, user_id="a", page_id="p", shown=shown))
    opened.log([act("view", slot, user_id="a", minutes=1, page_id="p", slot=slot, seconds=2) for slot in (1, 2)])
    seen = signals(opened, "unseen", "a")
    assert [seen[news_id] for news_id in shown] == [0.5, 0.5, 1, 1]


def test_mutes_and_follows_hold_at_the_next_request_and_can_be_taken_back(opened):
    categories = opened.run("fan", 60).stories["category"].to_pylist()
    assert {"sports", "science"} <= set(categories)
    opened.log(act("mute", 1, user_id="fan", field="category", value="sports"))
    opened.log(act("follow", 2, user_id="new", field="category", value="science"))
    assert "sports" not in opened.run("fan", 60).stories["category"].to_pylist()
    page = opened.run("new", 60)
    assert page.kind == "profile" and page.follows.text == "science"
    opened.log([act("undo", 3, user_id="fan", undoes="e1"), act("undo", 4, user_id="new", undoes="e2")])
    assert "sports" in opened.run("fan", 60).stories["category"].to_pylist()
    assert opened.run("new").kind == "new"


def test_events_count_on_over_articles_that_are_added_and_replaced(opened):
    opened.log(act("click", 1, "N44", "r1"))
    assert signals(opened, "popularity")["N44"] > signals(opened, "popularity")["N45"]
    opened.add([row("LATE"), row("N44", title="Coach says the cup is won")])
    opened.log([act("click", 2, "LATE", "r2"), act("click", 3, "LATE", "r3")])
    found = signals(opened, "popularity")
    assert found["LATE"] > found["N44"] > found["N45"]


def test_in_an_archive_a_few_acts_of_today_count_and_do_not_move_its_time(opened):
    before = opened.run("fan")
    page = before.event()
    assert page["time"] == before.as_of, "the event of an archive's page has the page's time by itself"
    today = datetime.now(UTC)
    click = act("click", 1, "N44", "fan") | {"time": today}
    assert not opened.log([page, click]).refused
    after = everything(opened, "fan")
    assert after.as_of - before.as_of <= timedelta(seconds=1) and "N44" not in ids(after)
    assert opened.log(act("click", 2, "N45", "fan")).new == 1
    assert opened.run("fan").as_of == LATER + timedelta(seconds=1)


def test_a_clock_that_is_ahead_moves_no_request_into_the_future(opened):
    ahead = datetime.now(UTC) + timedelta(days=2)
    bench = opened.bench.over(
        opened.bench.data, logs=lambda: Logs(opened.bench.data.clicks, no_exposures(), latest=ahead)
    )
    assert request_time(bench) <= datetime.now(UTC)


def test_a_store_that_cannot_be_reached_leaves_pages_as_they_were_and_says_so_once_a_minute(
    opened, caplog, monkeypatch
):
    opened.log(act("click", 1, "N44", "r1"))
    before = ids(opened.run("fan"))

    def gone(*_):
        raise NewsroomError("the event store cannot be reached.")

    for method in ("last", "of_readers"):
        monkeypatch.setattr(type(opened.events), method, gone)
    assert ids(opened.run("fan")) == before and ids(opened.run("fan")) == before
    assert caplog.text.count("Pages are made without the events since") == 1
    assert caplog.text.count("without what their readers did") == 1


def test_while_a_store_fails_requests_do_not_wait_for_it_one_by_one(opened, monkeypatch):
    asked = []

    def gone(*_):
        asked.append(1)
        raise ContractError("the event store is damaged.")

    for method in ("last", "of_readers"):
        monkeypatch.setattr(type(opened.events), method, gone)
    monkeypatch.setattr(live_readers, "ASKS_AGAIN", 3600.0)
    monkeypatch.setattr(module, "LOOKS_EVERY", 3600.0)
    assert [len(opened.run("fan", 3).stories) for _ in range(3)] == [3] * 3 and len(asked) <= 2

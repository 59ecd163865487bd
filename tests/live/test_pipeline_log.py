"""Events logged by a pipeline, beside its pages."""

from datetime import UTC, datetime

from broadsheet.live.events.store import open_events
from tests.support.events import event


def test_a_page_that_was_run_and_a_click_on_it_are_in_the_store_of_every_process(opened, room):
    shown = opened.run("fan", 3)
    ids = shown.stories["news_id"].to_pylist()
    assert dict(opened.log(shown.event()).taken) == {"page": 1}
    click = event("click", "fan", page_id=shown.page_id, slot=3) | {"time": datetime.now(UTC)}
    report = opened.log([click, event("hide", "fan", news_id="N77")])
    assert dict(report.taken) == {"click": 1} and dict(report.refused) == {"unknown article": 1}
    found = open_events(room, room.config()).after(0).to_pylist()
    assert [(row["kind"], row["news_id"]) for row in found] == [("page", None), ("click", ids[2])]
    assert opened.events.last() == 2


def test_an_article_that_was_added_this_minute_is_known(opened):
    opened.add({"news_id": "LATE", "title": "Coach says cup goal"})
    assert dict(opened.log(event("click", "fan", news_id="LATE")).taken) == {"click": 1}

"""Knobs: the page and the price of a change before it is saved."""

import re
import threading
from datetime import timedelta

import pytest

from broadsheet.metrics.intervals import Difference
from broadsheet.offline.knob_price import Measured, Price
from broadsheet.service.desk import knobs
from broadsheet.service.desk.prices import KEPT, Prices
from tests.support.tiny import START


@pytest.fixture
def measured(monkeypatch):
    """Prices are measured only once the event is set, which the test does."""
    go = threading.Event()

    def price(now, then, as_of, progress):
        progress(3, 40)
        assert go.wait(30)
        figure = Measured("nDCG@10", 0.5, 0.25, Difference(-0.25, -0.375, -0.125, 0.0))
        age = Measured("age of the stories, hours", 8.0, 2.0, Difference(-6, -7, -5, 0))
        return Price(40, 40, figure, 4, (START, START + timedelta(hours=2)), [age])

    monkeypatch.setattr(knobs, "measure_price", price)
    yield go
    go.set()


def changes(page):
    """Check what both lists of a preview say of each story; return the stories that move, or are new."""
    now, then = (
        re.findall(r"<li><span dir=\"auto\">(.*?)</span> (.*?)</li>", part)
        for part in re.search(r"<h3>Now</h3>(.*?)<h3>Then</h3>(.*)", page, re.DOTALL).groups()
    )
    places = [{headline: place for place, (headline, _) in enumerate(rows, 1)} for rows in (now, then)]
    for rows, mine, other, alone, word in ((now, *places, "leaves", "then"), (then, *places[::-1], "new", "now")):
        for headline, said in rows:
            at = other.get(headline)
            moved = f'<span class="soft">{word} {at}</span>' if at != mine[headline] else ""
            assert said == (f"<strong>{alone}</strong>" if at is None else moved)
    return [headline for headline, said in then if said]


def finished(app):
    """Wait for the price that is measured."""
    app.state.prices._thread.submit(lambda: None).result(timeout=30)


def priced(editor, app, **asked):
    """Show the preview of knobs with its price."""
    editor.see("/desk/knobs", **asked)
    finished(app)
    editor.see("/desk/knobs", **asked)


def test_nothing_can_be_saved_before_a_change_was_previewed(ann):
    ann.see("/desk/knobs")
    assert ann.status == 200 and "In force" in ann.page and "Save these knobs" not in ann.page


def test_the_page_and_the_price_are_shown_and_then_the_knobs_are_saved_and_undone(ann, book, app, measured):
    asked = {"diversity": "0", "freshness": "5", "popularity": "", "exploration": "", "preview": "1"}
    ann.see("/desk/knobs", **asked)
    assert "Measuring on the latest impressions: " in ann.page
    assert "Save these knobs" not in ann.page, "nobody saves a change before its price is there"
    assert "data-wait" in ann.page and changes(ann.page)
    assert not book().standing, "a preview changes nothing"
    measured.set()
    finished(app)
    ann.see("/desk/knobs", **asked)
    assert "-0.25 (-0.375 to -0.125)" in ann.page and "on the 40 latest impressions, shown from " in ann.page
    assert f"{START:%Y-%m-%d %H:%M} UTC to " in ann.page
    assert "data-wait" not in ann.page and "Save these knobs" in ann.page
    ann.send("/desk/knobs")
    assert ann.status == 200 and "Saved: Knobs: diversity 0, freshness 5." in ann.page
    settings = app.state.service.pipeline.bench.models.config.rerank
    assert (settings.diversity, settings.weights.freshness) == (0, 5)
    priced(ann, app, **{**asked, "freshness": ""})
    ann.send("/desk/knobs")
    assert app.state.service.pipeline.bench.models.config.rerank.weights.freshness != 5, "as in the settings again"
    ann.send(f"/desk/changes/{book().changes[-1].number}/undo")
    assert app.state.service.pipeline.bench.models.config.rerank.weights.freshness == 5


def test_a_knob_out_of_bounds_is_refused_and_so_is_one_that_another_editor_turned(ann, bob, book, app, measured):
    ann.see("/desk/knobs", diversity="1.5")
    assert ann.status == 422 and "diversity: Input should be less than or equal to 1" in ann.page
    measured.set()
    priced(ann, app, diversity="0.25")
    priced(bob, app, diversity="0.75")
    ann.send("/desk/knobs")
    bob.send("/desk/knobs")
    assert bob.status == 409 and "Knobs: diversity 0.25" in bob.page
    bob.send("/desk/knobs")
    assert [one.order.what.diversity for one in book().standing] == [0.75]


def test_a_newsroom_without_impressions_is_told_so(ann, app, book):
    priced(ann, app, exploration="2", **{"for": "category", "name": "sports"})
    assert "impressions with a click and another story, and 30 are needed" in ann.page
    assert "Stories of now on the page" in ann.page


def test_a_price_that_fails_says_so_and_only_the_last_prices_are_kept():
    def fails(progress):
        raise ZeroDivisionError

    prices = Prices()
    job = prices.of("a", fails)
    prices.close()
    assert job.is_over and "log says why" in job.problem
    prices, asked, go = Prices(), [], threading.Event()
    prices.of("first", lambda _: go.wait(30))  # all others wait for it
    for number in range(KEPT + 1):
        prices.of(number, lambda _, number=number: asked.append(number))
    prices.of(KEPT, lambda _: asked.append("again"))
    go.set()
    prices._thread.shutdown()
    assert asked == [*range(1, KEPT + 1)], "the one asked for longest ago was given up"

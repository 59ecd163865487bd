"""What is read most at the moment, over two open pipelines; counts worked out by hand."""

from datetime import timedelta

import pytest

from broadsheet.errors import InputError
from broadsheet.live import in_force as module
from broadsheet.pipeline import Pipeline
from tests.live.test_in_force import act
from tests.support.late_articles import row

HALF_LIFE = 360
"""Minutes."""


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch):
    monkeypatch.setattr(module, "LOOKS_EVERY", 0.0)


def names(found):
    return [news_id for news_id, _ in found]


def clicked(number, news_id, minutes, region=None):
    about = {} if region is None else {"region": region}
    return act("click", number, news_id, f"r{number}", minutes, **about)


def test_counts_fall_by_half_in_each_half_life_and_the_largest_stands_first(room):
    here, there = Pipeline.open(room.path), Pipeline.open(room.path)
    before = dict(there.trending(60))
    here.log([clicked(1, "N44", 0), clicked(2, "N44", HALF_LIFE), clicked(3, "N45", HALF_LIFE)])
    found = there.trending(60)
    assert found == here.trending(60) and found[:2] == there.trending(2)
    assert [count for _, count in found] == sorted((count for _, count in found), reverse=True)
    assert [dict(found)[news_id] for news_id in ("N44", "N45")] == pytest.approx([1.5, 1.0], abs=1e-3)
    hours = (here.run("fan").as_of - there.bench.data.as_of) / timedelta(hours=1)
    after = dict(there.trending(60))
    assert all(after[name] == pytest.approx(count * 0.5 ** (hours / 6), rel=1e-3) for name, count in before.items())


def test_a_category_has_its_own_articles_alone(opened):
    opened.log([clicked(number, f"N{number}", 0) for number in range(40, 50)])
    news = opened.bench.data.catalogue
    sports = {name for name, row in news.row_of.items() if news.category[row] == "sports"}
    found = set(names(opened.trending(60, category="sports")))
    assert found <= sports and {f"N{number}" for number in range(40, 50)} & sports <= found != set()
    assert opened.trending(category="no such category") == []


def test_a_region_counts_the_acts_of_its_readers_alone_in_each_process_at_once(room):
    here, there = Pipeline.open(room.path), Pipeline.open(room.path)
    here.log([clicked(1, "N44", 0, "north"), clicked(2, "N45", 0, "south"), clicked(3, "N45", 0)])
    assert names(there.trending(region="north")) == ["N44"] and there.trending(region="west") == []
    here.log([clicked(4, "N46", 0, "north"), clicked(5, "N46", 0, "north")])
    assert dict(there.trending(region="north")) == pytest.approx({"N46": 2, "N44": 1}, abs=1e-3)
    assert dict(Pipeline.open(room.path).trending(region="north")) == dict(there.trending(region="north"))
    here.log(act("undo", 6, user_id="r1", undoes="e1"))
    assert names(there.trending(region="north")) == ["N46"] == names(here.trending(region="north"))
    assert names(there.trending(region="south", category="politics")) == []


def test_an_act_has_the_region_of_its_page(opened):
    shown = ["N44", "N45"]
    opened.log(act("page", 0, user_id="a", page_id="p", shown=shown, region="north"))
    opened.log(act("click", 1, user_id="a", page_id="p", slot=2))
    assert names(opened.trending(region="north")) == ["N45"]


def test_articles_that_no_page_may_show_do_not_trend_and_late_articles_do(opened):
    opened.log([clicked(1, "N44", 0, "north"), clicked(2, "N45", 0, "north"), clicked(3, "N46", 0, "north")])
    opened.withdraw(["N44"])
    opened.add([row("LATE"), row("N45", title="Coach says the cup is won")])
    opened.log([clicked(4, "LATE", 0, "north"), clicked(5, "LATE", 0, "north")])
    assert names(opened.trending(region="north")) == ["LATE", "N46", "N45"]
    assert "N44" not in names(opened.trending(60)) and {"LATE", "N45"} <= set(names(opened.trending(60)))


def test_what_is_worth_nothing_or_less_does_not_trend(room):
    with room.config_file.open("a") as file:
        file.write("\n[acts.popularity]\nshare = 2.5\nhide = -1\n")
    pipeline = Pipeline.open(room.path)
    acts = [act("share", 1, "N44", "r1", region="x"), act("click", 2, "N45", "r2", region="x")]
    pipeline.log([*acts, act("hide", 3, "N45", "r3", region="x")])
    assert dict(pipeline.trending(region="x")) == pytest.approx({"N44": 2.5}, abs=1e-3)


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": "ten"}, {"category": 7}, {"region": ["north"]}])
def test_a_wrong_argument_is_named(opened, wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        opened.trending(**wrong)

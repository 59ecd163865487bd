from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from broadsheet.config.acts import ActsConfig, ActsInPopularity
from broadsheet.corpus.exposures import make_exposures
from broadsheet.corpus.impressions import Split, read_split
from broadsheet.evaluation.retrieval.lists import RetrievedLists, ScoredLists
from broadsheet.evaluation.settings import content_only, live, live_pool
from broadsheet.offline.workbenches import open_bench
from tests.support.evaluated import CLICKS, SHOWN_AT, click, ids, make_room
from tests.support.tiny import START, make_impressions


def events(bench, setting):
    names = bench.data.catalogue.ids(setting.clicks.rows).to_pylist()
    return sorted(zip(names, ((setting.clicks.times - START.timestamp()) / 3600).round(3).tolist(), strict=True))


def placeholder(count=20):
    """Impressions that all bear one time, as in an archive whose times are not known."""
    return [one | {"time": SHOWN_AT, "user_id": f"U{number}"} for number, one in enumerate(make_impressions(count))]


def with_own_clicks(impressions):
    """The log as an import of the impressions leaves it: their clicks are in it."""
    own = [
        {"user_id": one["user_id"], "news_id": news_id, "time": one["time"], "event": "click"}
        for one in impressions
        for news_id, hit in zip(one["shown"], one["clicked"], strict=True)
        if hit
    ]
    return [*CLICKS, *own]


def test_content_only_knows_nothing_of_the_split_itself(tmp_path, encoder):
    rows = make_impressions(20)
    bench = open_bench(
        make_room(tmp_path / "room", encoder, clicks=with_own_clicks(rows), impressions=rows, adapter=False)
    )
    setting = content_only(bench.data, read_split(bench.data.newsroom, bench.data.catalogue, "valid"))
    assert events(bench, setting) == [("N3", 30.0), ("N3", 35.0), ("N4", 39.0)]
    assert not len(setting.exposures.rows) and len(setting.impressions) == 20


def test_live_adds_what_half_of_the_readers_did_and_measures_the_other_half(tmp_path, encoder):
    rows = placeholder()
    bench = open_bench(
        make_room(tmp_path / "room", encoder, clicks=with_own_clicks(rows), impressions=rows, adapter=False)
    )
    split = read_split(bench.data.newsroom, bench.data.catalogue, "valid")
    setting = live(bench.data, split, seed=0)
    scored = {one.user_id for one in setting.impressions}
    lent = [one for one in split.impressions if one.user_id not in scored]
    assert len(scored) == len(lent) == 10
    expected = [("N3", 30.0), ("N3", 35.0), ("N4", 39.0), *((one.relevant[0], 40.0) for one in lent)]
    assert events(bench, setting) == sorted(expected)
    assert len(setting.exposures.rows) == sum(len(one.shown) for one in lent)
    assert {one.time for one in setting.impressions} == {SHOWN_AT + timedelta(seconds=1)}
    assert {one.user_id for one in live(bench.data, split, seed=1).impressions} != scored


def test_where_times_are_known_a_lent_click_counts_only_for_later_requests(bench, split):
    setting = live(bench.data, split, seed=0)
    times = {one.number: one.time for one in split.impressions}
    assert all(one.time == times[one.number] for one in setting.impressions)
    scored = {one.number for one in setting.impressions}
    lent = [one.time.timestamp() for one in split.impressions if one.number not in scored]
    for one in setting.impressions:
        now = one.time.timestamp()
        assert len(setting.clicks.before(now)) == 3 + sum(time < now for time in lent)


@pytest.mark.parametrize("lend", [False, True])
def test_what_the_measured_readers_do_in_the_split_changes_nothing(tmp_path, encoder, lend):
    """The leak test: other own clicks, in the log and in the users' histories, give the same lists."""
    rows = placeholder()
    bench = open_bench(make_room(tmp_path / "a", encoder, clicks=with_own_clicks(rows), impressions=rows))
    split = read_split(bench.data.newsroom, bench.data.catalogue, "valid")
    setting = live(bench.data, split, 0) if lend else content_only(bench.data, split)
    scored = {one.user_id for one in setting.impressions}
    changed = [
        one | {"clicked": one["clicked"][::-1]} if one["user_id"] in scored else one for one in rows
    ]  # they clicked what they did not
    other = open_bench(make_room(tmp_path / "b", encoder, clicks=with_own_clicks(changed), impressions=changed))
    lists = []
    for each in (bench, other):
        split = read_split(each.data.newsroom, each.data.catalogue, "valid")
        setting = live(each.data, split, 0) if lend else content_only(each.data, split)
        pool = lambda time, each=each, setting=setting: live_pool(each.data, setting.exposures, time, 24.0)  # noqa: E731
        retrieved = RetrievedLists(each, setting.impressions)
        popular = ScoredLists(each.data, setting.impressions).popularity(setting.clicks, np.random.default_rng(0))
        lists.append([popular, retrieved(setting.clicks), retrieved(setting.clicks, pool)])
    for ours, theirs in zip(*lists, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_click_of_the_split_is_known_again_in_a_split_that_holds_the_same_impressions(tmp_path, encoder):
    rows = make_impressions(20)
    room = make_room(tmp_path / "room", encoder, clicks=with_own_clicks(rows), impressions=rows, adapter=False)
    room.impressions("all").write_bytes(room.impressions("valid").read_bytes())
    bench = open_bench(room)
    setting = content_only(bench.data, read_split(bench.data.newsroom, bench.data.catalogue, "valid"))
    assert not len(setting.exposures.rows) and len(setting.clicks) == 3
    part = Split("part", read_split(bench.data.newsroom, bench.data.catalogue, "all").impressions[:5], {})
    seen = content_only(bench.data, part).exposures
    assert len(seen.rows) == 2 * sum(
        len(one.shown) for one in read_split(bench.data.newsroom, bench.data.catalogue, "all").impressions[5:]
    )


def test_the_live_pool_holds_what_was_published_or_else_shown_in_the_window(bench):
    published = bench.data.catalogue.published_at.copy()
    published[bench.data.catalogue.rows(["N1", "N2", "N3"])] = np.nan
    view = bench.over(replace(bench.data, articles=replace(bench.data.catalogue, published_at=published)))
    rows = np.array(bench.data.catalogue.rows(["N1", "N2", "N3", "N50"]))
    seen = make_exposures(rows, START.timestamp() + 3600 * np.array([38.0, 40.0, 29.0, 39.0]), np.zeros(4, np.int8))
    pool = ids(bench, [np.flatnonzero(live_pool(view.data, seen, SHOWN_AT, 10.0))])[0]
    # N30 to N40 are 10 hours old at most; N1 was shown before, N2 only at the request, N3 too long ago, N50 is to come.
    assert pool == ["N1", *(f"N{number}" for number in range(30, 41))]


def test_a_click_after_the_request_changes_nothing_and_one_before_does(tmp_path, encoder, split):
    def lists(name, hours):
        planted = [click("x", f"N{number}", hours) for number in range(0, 30, 2)] if hours else []
        bench = open_bench(make_room(tmp_path / name, encoder, clicks=[*CLICKS, *planted], adapter=False))
        setting = content_only(bench.data, read_split(bench.data.newsroom, bench.data.catalogue, "valid"))
        return RetrievedLists(bench, setting.impressions)(setting.clicks)

    before, later, earlier = lists("before", None), lists("later", 41), lists("earlier", 39)
    np.testing.assert_array_equal(before, later)
    assert not np.array_equal(before, earlier)


def test_clicks_count_what_the_settings_say_in_both_settings(bench, split):
    acts = ActsConfig(popularity=ActsInPopularity(click=2.5, half_life_hours=3))
    data = replace(bench.data, acts=acts)
    assert content_only(bench.data, split).clicks.worth is None
    for setting in (content_only(data, split), live(data, split, 0)):
        worth = setting.clicks.worth
        assert worth.rows.tolist() == setting.clicks.rows.tolist() != [] and worth.half_life_hours == 3
        assert set(worth.weights.tolist()) == {2.5}

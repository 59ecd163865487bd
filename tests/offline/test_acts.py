"""What acts are worth, learned from impressions whose clicks follow long reads."""

from datetime import timedelta

from broadsheet.offline.acts import choose_acts, popularity_auc
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import CLICKS
from tests.support.impressions import impression_of
from tests.support.tiny import START


def act(user_id, news_id, seconds, event="click"):
    row = {"user_id": user_id, "news_id": news_id, "time": START, "event": event}
    return row | {"dwell_seconds": seconds, "scroll": None, "region": None}


def test_settings_are_chosen_by_which_popularity_ranks_the_clicked_articles_first(bench):
    soon_left = [act(f"r{number}", "N3", 30.0) for number in range(5)]
    clicks = from_rows([*soon_left, act("s1", "N4", 90.0), act("s2", "N4", 90.0)], CLICKS)
    shown = [
        impression_of(bench.data.catalogue, "u", START + timedelta(hours=1), [], ["N3", "N4"], [False, True])
        for _ in range(2)
    ]
    assert popularity_auc(bench.data, clicks, bench.data.acts, shown).tolist() == [0, 0], "N3 has more clicks"
    chosen, tried = choose_acts(bench.data, clicks, shown)
    assert chosen.popularity.long_read == 4 and popularity_auc(bench.data, clicks, chosen, shown).tolist() == [1, 1]
    assert {row["hide"] for row in tried} == {0} and {row["share"] for row in tried} == {1}, "the log has neither"
    assert tried[0]["auc"] == 0 and max(row["auc"] for row in tried) == 1


def test_settings_that_bring_nothing_stay_as_they_are(bench):
    clicks = from_rows([act("r", "N4", 30.0)], CLICKS)
    shown = [impression_of(bench.data.catalogue, "u", START + timedelta(hours=1), [], ["N3", "N4"], [False, True])]
    assert choose_acts(bench.data, clicks, shown)[0] == bench.data.acts


def test_a_read_that_had_not_ended_is_not_known(bench):
    clicks = from_rows([act("a", "N3", None), act("b", "N6", 1000.0)], CLICKS)
    shown = [impression_of(bench.data.catalogue, "u", START + timedelta(minutes=5), [], ["N3", "N6"], [False, True])]
    acts = bench.data.acts
    assert popularity_auc(bench.data, clicks, acts, shown).tolist() == [0.5]
    assert choose_acts(bench.data, clicks, shown)[0] == acts

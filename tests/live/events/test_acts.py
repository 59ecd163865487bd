"""What events mean for the clicks table, and for what readers follow and mute."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.live.events.acts import clicks_of, happened, opinions_of, since

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def act(kind, number, news_id=None, user_id="maya", *, minutes=0, late=60, **fields):
    """An event as the store gives it; `late` are the minutes after noon at which it was received."""
    about = dict.fromkeys(("news_id", "seconds", "scroll", "field", "value", "undoes", "page_id", "region"))
    times = {"time": NOON + timedelta(minutes=minutes), "received": NOON + timedelta(minutes=late)}
    return about | times | {"event_id": f"e{number}", "kind": kind, "user_id": user_id, "news_id": news_id} | fields


def clicks(*events):
    return [(row["event"], row["news_id"], row["dwell_seconds"], row["scroll"]) for row in clicks_of(events).values()]


def test_acts_on_articles_are_rows_and_pages_views_follows_are_none():
    kinds = ("page", "click", "view", "like", "dislike", "comment", "share", "save", "hide", "report", "follow", "mute")
    found = clicks(*(act(kind, number, "N1", minutes=number) for number, kind in enumerate(kinds)))
    assert [kind for kind, *_ in found] == ["click", "like", "dislike", "comment", "share", "save", "hide", "report"]


def test_a_dwell_and_a_scroll_complete_the_last_reading_of_the_article_and_the_largest_counts():
    events = [act("click", 1, "N1"), act("click", 2, "N1", minutes=5), act("click", 3, "N2", minutes=6)]
    events += [act("dwell", 4, "N1", minutes=7, seconds=30.0), act("dwell", 5, "N1", minutes=8, seconds=20.0)]
    events += [act("scroll", 6, "N1", minutes=8, scroll=0.5), act("dwell", 7, "N9", minutes=9, seconds=5.0)]
    assert clicks(*events) == [
        ("click", "N1", None, None),
        ("click", "N1", 30.0, 0.5),
        ("click", "N2", None, None),
    ]


def test_what_was_taken_back_makes_no_row_and_nobody_takes_back_the_acts_of_others():
    events = [act("click", 1, "N1"), act("hide", 2, "N2"), act("undo", 3, undoes="e2", minutes=1)]
    assert clicks(*events) == [("click", "N1", None, None)]
    assert len(clicks(*events, act("undo", 4, user_id="eve", undoes="e1"))) == 1


def test_clicks_of_unknown_readers_at_one_time_are_several_and_a_dwell_completes_that_of_its_page():
    events = [act("click", 1, "N1", "", page_id="p"), act("click", 2, "N1", "", page_id="q", region="Oslo")]
    found = list(clicks_of([*events, act("dwell", 3, "N1", "", minutes=1, page_id="p", seconds=4.0)]).values())
    assert [(row["dwell_seconds"], row["region"]) for row in found] == [(4.0, None), (None, "Oslo")]
    assert found[1]["time"] - found[0]["time"] == timedelta(microseconds=1)


def test_an_event_from_a_clock_that_is_ahead_happened_when_it_was_received():
    assert happened(act("click", 1, minutes=90)) == NOON + timedelta(minutes=60)
    assert happened(act("click", 1, minutes=30)) == NOON + timedelta(minutes=30)


def test_what_later_events_change_is_taken_out_and_added_again():
    before = [act("click", 1, "N1"), act("click", 2, "N2", minutes=1)]
    later = [
        act("dwell", 3, "N1", minutes=2, seconds=9.0),
        act("undo", 4, undoes="e2"),
        act("save", 5, "N3", minutes=3),
    ]
    found = since(before, [*before, *later])
    assert [(row["event"], row["news_id"], row["dwell_seconds"]) for row in found.clicks.to_pylist()] == [
        ("click", "N1", 9.0),
        ("save", "N3", None),
    ]
    assert [(row["news_id"], row["dwell_seconds"]) for row in found.undone.to_pylist()] == [("N1", None), ("N2", None)]


KINDS = st.sampled_from(["click", "like", "hide", "dwell", "undo"])
ACTS = st.lists(st.tuples(KINDS, st.sampled_from("AB"), st.integers(0, 5), st.integers(0, 9)), max_size=12)


@given(ACTS, st.data())
def test_wherever_the_night_falls_the_table_comes_to_the_same(acts, data):
    events = [
        act(kind, number, news_id, minutes=minute, seconds=float(other), undoes=f"e{other}" if kind == "undo" else None)
        for number, (kind, news_id, minute, other) in enumerate(acts)
    ]
    cut = data.draw(st.integers(0, len(events)))
    change = since(events[:cut], events)
    table = {tuple(row.values()) for row in clicks_of(events[:cut]).values()}
    table -= {tuple(row.values()) for row in change.undone.to_pylist()}
    table |= {tuple(row.values()) for row in change.clicks.to_pylist()}
    assert table == {tuple(row.values()) for row in clicks_of(events).values()}


def test_the_last_word_on_a_name_counts():
    events = [
        act("follow", 1, field="category", value="sports"),
        act("mute", 2, field="category", value="finance"),
        act("mute", 3, field="category", value="sports"),
        act("follow", 4, field="topic", value="chess"),
        act("undo", 5, undoes="e2", field="category", value="finance"),
    ]
    maya = opinions_of(events)["maya"]
    assert maya.follows == {"category": [], "topic": ["chess"]} and maya.mutes == {"category": ["sports"]}
    assert maya.dropped == {"category": ["finance"]}
    assert maya.without("category") == {"sports", "finance"} and maya.not_muted("category") == {"finance"}

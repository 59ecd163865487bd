from dataclasses import replace
from datetime import UTC, datetime

import pytest

from broadsheet.config.service import PushConfig
from broadsheet.letters.addresses import Contact
from broadsheet.letters.push import _told, _worth, is_quiet, pushes
from broadsheet.letters.sent import Sent

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
NIGHT = NOON.replace(hour=23)


def found(pipeline, readers, sent, now=NOON, contacts=None):
    return list(pushes(pipeline, readers, contacts or {}, sent, now=now))


@pytest.mark.parametrize(
    ("begin", "end", "quiet"), [(22, 7, {22, 23, 0, 6}), (1, 3, {1, 2}), (0, 0, set()), (5, 5, set())]
)
def test_quiet_hours_may_go_over_midnight(begin, end, quiet):
    settings = PushConfig(quiet_from=begin, quiet_until=end)
    hours = {hour for hour in range(24) if is_quiet(hour, settings)}
    assert quiet <= hours and (22 in hours) == (begin == 22) and len(hours) == (end - begin) % 24


def test_a_reader_is_pushed_one_story_a_day_whatever_process_pushes(pipeline, readers, sent):
    first = found(pipeline, readers, sent)
    assert [one["user_id"] for one in first] == readers
    assert all(one["why"] and one["headline"] and one["score"] >= 0 for one in first)
    assert found(pipeline, readers, Sent(sent._state)) == []
    tomorrow = found(pipeline, readers, sent, NOON.replace(day=2))
    pushed = {(one["user_id"], one["news_id"]) for one in first}
    assert tomorrow and not pushed & {(one["user_id"], one["news_id"]) for one in tomorrow}


def test_nobody_is_pushed_at_night_by_the_readers_own_clock(pipeline, readers, sent):
    contacts = {readers[0]: Contact("", "Asia/Tokyo")}  # 8 in the morning there
    assert [one["user_id"] for one in found(pipeline, readers, sent, NIGHT, contacts)] == readers[:1]


def test_the_most_of_a_day_holds_for_the_day_of_the_readers_zone(sent):
    assert sent.begin_push("maya", "N1", "2024-05-01", 2, NOON)
    assert not sent.begin_push("maya", "N1", "2024-05-01", 2, NOON)  # the same story
    assert sent.begin_push("maya", "N2", "2024-05-01", 2, NOON)
    assert not sent.begin_push("maya", "N3", "2024-05-01", 2, NOON)
    assert sent.begin_push("maya", "N3", "2024-05-02", 2, NOON)


def test_a_push_has_no_address_but_that_of_a_page_of_the_web(pipeline, readers):
    page = pipeline.run(readers[0], 1)
    (story,) = page.stories.to_pylist()
    urls = ("https://site.example/a", "javascript:alert(1)", "file:///etc/passwd")
    assert [_told({**story, "url": url}, page.look)["url"] for url in urls] == [urls[0], "", ""]


def test_no_story_is_worth_a_push_below_the_threshold_or_when_it_is_old_or_was_pushed():
    settings = PushConfig(threshold=0.5, hours=12)
    story = {"news_id": "N1", "fused": 0.6, "rank": 2, "published_at": NOON}
    better = {**story, "news_id": "N2", "fused": 0.7, "rank": 5}
    assert _worth([story, better], set(), NOON, settings) == better
    assert _worth([story, better], {"N2"}, NOON, settings) == story
    assert _worth([story], set(), NOON, replace(settings, threshold=0.61)) is None
    assert _worth([{**story, "published_at": None}], set(), NOON, settings) is None
    assert _worth([{**story, "published_at": NOON.replace(day=30, month=4)}], set(), NOON, settings) is None

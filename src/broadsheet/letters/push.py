"""One story worth a push for a reader, or none: above a threshold, outside of quiet hours, and few a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from broadsheet.config.service import PushConfig
from broadsheet.letters.sent import Sent
from broadsheet.pages.rendering import story_fields

if TYPE_CHECKING:
    from broadsheet.letters.addresses import Contact
    from broadsheet.pages.look import Look
    from broadsheet.pipeline import Pipeline

STORIES = 10
"""First stories of a page among which one may be worth a push."""
AT_ONCE = 64
"""Readers whose pages are made together."""


def is_quiet(hour: int, settings: PushConfig) -> bool:
    """Return whether an hour of the day, 0 to 23, is quiet; the hours from 22 until 7 go over midnight."""
    begin, end = settings.quiet_from, settings.quiet_until
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


def pushes(
    pipeline: Pipeline,
    user_ids: Sequence[str],
    contacts: Mapping[str, Contact],
    sent: Sent,
    *,
    now: datetime,
) -> Iterator[dict[str, Any]]:
    """Yield reader, story and why for each reader with a story worth a push, and enter it as pushed before.

    A story is worth a push if its score is at least the threshold, it is not older than `hours` at the time of the
    page, and the reader has not had it pushed. `contacts` may have the zone of a reader; else the newsroom's counts.
    """
    settings = pipeline.bench.models.config.push
    awake = dict[str, str]()
    for user_id in dict.fromkeys(user_ids):
        zone = contacts[user_id].zone if user_id in contacts else ""
        local = now.astimezone(ZoneInfo(zone or settings.zone))
        if not is_quiet(local.hour, settings):
            awake[user_id] = local.date().isoformat()
    ids = list(awake)
    for start in range(0, len(ids), AT_ONCE):
        for page in pipeline.run_many(ids[start : start + AT_ONCE], STORIES):
            story = _worth(page.stories.to_pylist(), sent.pushed(page.user_id), page.as_of, settings)
            if story is None:
                continue
            day = awake[page.user_id]
            if sent.begin_push(page.user_id, story["news_id"], day, settings.most_a_day, now):
                yield {"user_id": page.user_id, **_told(story, page.look)}


def _told(story: Mapping[str, Any], look: Look) -> dict[str, Any]:
    """Return what is said of a story; its `url` is empty unless it is an address of the web."""
    shown = story_fields(story, look)
    return {
        "news_id": story["news_id"],
        "headline": shown["marked"],
        "url": shown["link"],
        "why": story["reason"],
        "score": round(story["fused"], 4),
    }


def _worth(
    stories: Sequence[Mapping[str, Any]], pushed: set[str], as_of: datetime, settings: PushConfig
) -> Mapping[str, Any] | None:
    """Return the story with the best score among those that may be pushed."""
    able = [
        story
        for story in stories
        if story["news_id"] not in pushed
        and story["fused"] >= settings.threshold
        and story["published_at"] is not None
        and (as_of - story["published_at"].astimezone(UTC)).total_seconds() <= settings.hours * 3600
    ]
    return max(able, key=lambda story: (story["fused"], -story["rank"]), default=None)

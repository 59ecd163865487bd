"""The page on events says what the code takes and refuses."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from broadsheet.live.events.checks import checked_event
from broadsheet.live.events.kinds import FOLLOWED, KINDS, MUTED
from broadsheet.tables.times import TimeReader
from tests.live.events.test_checks import BAD
from tests.live.events.test_event_log import REFUSED

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "log-events.md").read_text("utf-8")


def names(cell):
    return re.findall(r"`(\w+)`", cell)


def test_the_page_lists_the_kinds_with_what_each_needs_and_may_have():
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \|([^|]*)\|([^|]*)\|$", PAGE, re.M)
    assert [row[0] for row in rows] == list(KINDS)
    for kind, needs, takes in rows:
        needed = [name for name in names(needs) if name != "event_id"]  # which stands there to say what `undoes` is
        assert (needed, set(names(takes))) == (list(KINDS[kind].needs), set(KINDS[kind].takes)), kind
    fields = {kind: re.search(r"`field` \(([^)]+)\)", needs) for kind, needs, _ in rows}
    named = {kind: tuple(re.split(", | or ", found[1])) for kind, found in fields.items() if found}
    assert named == {"follow": FOLLOWED, "mute": MUTED}


def test_the_events_of_the_page_are_as_they_should_be():
    lines = re.findall(r"^\{.*\}$", PAGE, re.M)
    events = [checked_event(json.loads(line), TimeReader(), datetime.now(UTC), is_archive=True) for line in lines]
    assert [event["kind"] for event in events] == ["page", "view", "click", "mute"]


def test_the_page_has_every_reason_that_the_tests_of_checks_find():
    listed = re.findall(r"`([^`]+)`", PAGE.partition("## What is refused")[2].partition("## Where")[0])
    patterns = [re.escape(one).replace("FIELD", r"\w+").replace("…", ".*") for one in listed]
    reasons = [told.partition(" (")[0] for _, told in BAD] + [reason for _, reason, _ in REFUSED]
    missing = [reason for reason in reasons if not any(re.fullmatch(one, reason) for one in patterns)]
    assert len(reasons) > 40 and not missing

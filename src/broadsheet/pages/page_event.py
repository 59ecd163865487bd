"""The event of a page that was shown: its slots with their articles and probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from broadsheet.errors import InputError

ABOUT = ("user_id", "page_id", "edition", "policy", "policy_version", "seed", "explored", "experiment", "arm")
"""Fields of a page that its event has, too."""


def page_event(page: Mapping[str, Any], stories: pa.Table, shown_at: datetime | None) -> dict[str, Any]:
    """Return the event of kind page of a page, given by its fields, and its stories; see `Page.event`."""
    if not page["page_id"]:
        raise InputError("event: found a page without an id, expected a page as `Pipeline.run` returns it.")
    now = page["as_of"] if page["is_archive"] else datetime.now(UTC)
    return {
        "event_id": page["page_id"],
        "kind": "page",
        "time": shown_at or now,
        **{name: page[name] for name in ABOUT},
        "seconds": sum(page["timings"].values()),
        "shown": stories.column("news_id").to_pylist(),
        "propensity": stories.column("propensity").to_pylist(),
        "conditional": stories.column("conditional").to_pylist(),
    }

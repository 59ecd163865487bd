"""The profile of one request: files that it goes through, calls, and how often the reader's history is looked up."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.generate.extracts import topics
from broadsheet.pipeline import Pipeline

ROWS, TOPICS = (f"{function.__module__}.{function.__qualname__}" for function in (Catalogue.rows, topics.topics))


@dataclass(frozen=True)
class RequestProfile:
    """Counts of one request; calls into other libraries are not among them."""

    files: int
    "Files of Broadsheet in which a function was called."
    calls: int
    "Calls of functions of Broadsheet; a generator counts each time it goes on."
    row_lookups: int
    "Calls that look catalogue rows up by ids."
    history_lookups: int
    "Calls that look up the catalogue rows of the reader's history."
    topics_found: int
    "How often topics were looked for in a history."

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


def profile_request(pipeline: Pipeline, user_id: str, k: int = 10) -> RequestProfile:
    """Return what the second request for a reader's page costs; the first loads what is loaded once.

    Raises as `Pipeline.run` does.
    """
    pipeline.run(user_id, k)
    bench = pipeline.bench
    history = bench.data.readers.audience.state([user_id], bench.data.as_of).to_pylist()[0]["history"]
    calls: Counter[str] = Counter()
    counts: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:  # noqa: ANN401
        module = frame.f_globals.get("__name__", "")
        if event != "call" or not module.startswith("broadsheet"):
            return
        called = f"{module}.{frame.f_code.co_qualname}"  # by name: a tool that notes coverage replaces code objects
        calls[frame.f_code.co_filename] += 1
        counts["rows"] += called == ROWS
        counts["history"] += called == ROWS and frame.f_locals["news_ids"] == history
        counts["topics"] += called == TOPICS

    sys.setprofile(count)
    try:
        pipeline.run(user_id, k)
    finally:
        sys.setprofile(None)
    return RequestProfile(len(calls), calls.total(), counts["rows"], counts["history"], counts["topics"])

"""The access log: a line of JSON for each request, on the logger `broadsheet.access`, when setting access_log is on.

A line has the route's template and no address of a page, since paths have readers' ids in them; no query, no cookie, no
key; and of the sender's address only its network. So nothing in it is about one person, nor was written by a caller.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime

from broadsheet.service.security.guarding.address import shortened_address
from broadsheet.service.serving.messages import METHODS, Message

log = logging.getLogger("broadsheet.access")


def open_access_log() -> None:
    """Write the lines to the error stream, unless the program that runs the service put a handler there."""
    log.setLevel(logging.INFO)
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)
        log.propagate = False


def write_access(scope: Message, status: int, begin: float, address: str) -> None:
    """Write the line of a request that began at this time of `time.perf_counter` and was answered."""
    caller = scope["state"].get("caller")
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "method": scope["method"] if scope["method"] in METHODS else "other",
        "route": getattr(scope.get("route"), "path", ""),
        "status": status,
        "ms": round((time.perf_counter() - begin) * 1000, 2),
        "network": shortened_address(address),
        "caller": f"{caller.kind} {caller.name}".rstrip() if caller else "",
    }
    log.info("%s", json.dumps(line))  # which escapes every control character

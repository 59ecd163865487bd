"""A process that stays warm and answers lines of JSON: the rows of the benchmarks, each with memory of its own.

The programs of the rows lie in benchmarks/rows, where any interpreter can run them without Broadsheet.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Answers = dict[str, Any]


class WarmProcess:
    """A script in an interpreter of its own, which says a first line of JSON when it is ready."""

    def __init__(self, python: str, script: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [python, str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.start = self._answer()
        "Its first line; `skipped` in it says why there will be no others."

    def ask(self, **task: str) -> Answers:
        """Hand in a task, wait, and return the answer."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> Answers:
        assert self._process.stdout
        line = self._process.stdout.readline()
        found: Answers = json.loads(line) if line else {"skipped": "the process ended without an answer"}
        return found


def start_first(pythons: Sequence[str], script: Path, *arguments: str) -> WarmProcess | str:
    """Return the process in the first interpreter in which it gets ready, or why there is none."""
    reasons = []
    for python in pythons:
        process = WarmProcess(python, script, *arguments)
        if "skipped" not in process.start:
            return process
        process.stop()
        reasons.append(f"{process.start['skipped']}")
    return "; ".join(dict.fromkeys(reasons))

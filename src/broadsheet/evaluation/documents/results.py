"""Values of the files of benchmarks/results, found by a path such as `nightly/rows/first/seconds`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from broadsheet.errors import InputError
from broadsheet.evaluation.index.report import speed_at

RECALL = 0.98
"""The recall at which the documents compare the speeds of indexes."""


class Results:
    """The files of benchmarks/results, each read once."""

    def __init__(self, folder: Path) -> None:
        """`folder` is benchmarks/results of a checkout."""
        self.folder = folder
        self._read: dict[str, Any] = {}

    def document(self, name: str) -> Any:  # noqa: ANN401
        """Return what NAME.json holds; raises InputError if there is no such file."""
        if name not in self._read:
            path = self.folder / f"{name}.json"
            if not path.is_file():
                raise InputError(f"{path}: no such file; a figure names it. Correct the figure's path.")
            self._read[name] = json.loads(path.read_text("utf-8"))
        return self._read[name]

    def find(self, path: str) -> Any:  # noqa: ANN401
        """Return the value that a path names.

        The first word is a file without `.json`; each further word is a key. In a list it is a number, or the values of
        the entry that is meant: `differences/of=pipeline;minus=BM25;metric=auc/mean`. Before the file may stand
        `least`, `most` or `count`, and then `*` is every key; `speed/SIZE/ENGINE` is the queries a second of
        index.json at recall 0.98, where the engine `auto` is the chosen one. Raises InputError if nothing is there.
        """
        first, *words = path.split("/")
        if first == "speed":
            return self._speed(*words)
        if first in _OF_ALL:
            return _OF_ALL[first](_every(self.document(words[0]), words[1:], path))
        (value,) = _every(self.document(first), words, path)
        return value

    def _speed(self, size: str, engine: str) -> float:
        engines = self.document("index")["sizes"][size]["engines"]
        name = next(iter(engines)) if engine == "auto" else engine
        speed = speed_at(engines[name]["curve"], RECALL)
        if speed is None:
            raise InputError(f"speed/{size}/{engine}: this engine never reaches recall {RECALL}. Choose another.")
        return speed


_OF_ALL: dict[str, Callable[[Sequence[Any]], Any]] = {"least": min, "most": max, "count": len}


def _every(value: Any, words: Sequence[str], path: str) -> list[Any]:  # noqa: ANN401
    """Return all values below `value` that the words lead to; raises InputError if a word leads nowhere."""
    if not words:
        return [value]
    word, *rest = words
    if word == "*":
        below = list(value.values()) if isinstance(value, dict) else list(value)
        return [found for one in below for found in _every(one, rest, path)]
    return _every(_step(value, word, path), rest, path)


def _step(value: Any, word: str, path: str) -> Any:  # noqa: ANN401
    """Return what one word of a path names."""
    if isinstance(value, dict) and word in value:
        return value[word]
    if isinstance(value, list) and word.isdecimal() and int(word) < len(value):
        return value[int(word)]
    if isinstance(value, list) and "=" in word:
        wanted = dict(part.split("=", 1) for part in word.split(";"))
        found = [one for one in value if all(str(one.get(key)) == text for key, text in wanted.items())]
        if len(found) == 1:
            return found[0]
    known = ", ".join(map(str, value)) if isinstance(value, dict) else f"{type(value).__name__}"
    raise InputError(f"figure {path}: found no '{word}', expected one of: {known[:300]}. Correct the figure's path.")

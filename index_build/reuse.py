"""What an earlier index saves: the whole of it where the vectors are the same, else the choice of its kind."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broadsheet.errors import ContractError
from broadsheet.tables.arrow_files import read_stamp
from broadsheet.tables.files import file_sha256, replacing

SAME_SIZE = 0.2
"""A choice holds while the number of vectors is within this share of the number that it was made for."""
SAME_VECTORS = "same vectors"
"""What a report says of an index that was taken over whole."""


@dataclass(frozen=True)
class Earlier:
    """An earlier edition's index."""

    index: Path
    "The FAISS index."
    rows: Path
    "Table index."
    report: Mapping[str, Any]
    "What build_index returned; empty if that is lost."


def take_over(target: Path, wanted: Mapping[str, str], earlier: Sequence[Earlier]) -> dict[str, Any] | None:
    """Link the first index that bears the stamps `wanted` and is whole to `target`; returns its report, or None.

    It is a link since an edition's files never change; where the file system has none, a copy.
    """
    for one in earlier:
        try:
            stamp = read_stamp(one.rows)
        except ContractError:
            continue
        same = one.report and all(stamp.get(name) == value for name, value in wanted.items())
        if not same or not one.index.is_file() or file_sha256(one.index) != stamp.get("sha256"):
            continue
        with replacing(target) as part:
            try:
                os.link(one.index, part)
            except OSError:
                shutil.copyfile(one.index, part)
        return {**one.report, "taken_over": SAME_VECTORS}
    return None


def choice_before(earlier: Sequence[Earlier], goal: str, count: int) -> Mapping[str, Any] | None:
    """Return the report of the first earlier index whose kind was chosen for this goal and about `count` vectors."""
    for one in earlier:
        chosen_for = one.report.get("chosen_for")
        if chosen_for and one.report["goal"] == goal and abs(count - chosen_for) <= SAME_SIZE * chosen_for:
            return one.report
    return None

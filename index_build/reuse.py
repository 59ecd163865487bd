"""What an earlier index saves: the whole of it where the vectors are the same, else the choice of its kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broadsheet.errors import ContractError
from broadsheet.tables.arrow_files import read_stamp
from broadsheet.tables.files import file_sha256, link_or_copy, replacing

SIZE_FACTOR = 2
"""A choice of a kind holds while there are at least half and at most twice the vectors that it was made for."""
SAME_VECTORS = "same vectors"
"""What a report says of an index that was taken over whole."""


@dataclass(frozen=True)
class EarlierIndex:
    """An earlier edition's index."""

    index: Path
    "The FAISS index."
    rows: Path
    "Table index."
    report: Mapping[str, Any]
    "What build_index returned; empty if that is lost."


def take_over(target: Path, wanted: Mapping[str, str], earlier: Sequence[EarlierIndex]) -> dict[str, Any] | None:
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
            link_or_copy(one.index, part)
        return {**one.report, "taken_over": SAME_VECTORS}
    return None


@dataclass(frozen=True)
class EarlierChoice:
    """The choice of a kind that trials made for an earlier edition, if it still holds."""

    report: Mapping[str, Any] | None = None
    "What build_index returned then; None if no choice holds."
    why_not: str = "there is no earlier choice"
    "Why the choice of the newest earlier edition does not hold, in words."


def earlier_choice(earlier: Sequence[EarlierIndex], *, goal: str, model: str, dim: int, count: int) -> EarlierChoice:
    """Return the first earlier choice that was made for such vectors and for this goal.

    Example: a kind chosen for 200,000 vectors of a model is taken over for 390,000 vectors of the same model, and not
    for 410,000, nor for 200,000 vectors of another model.
    """
    reasons = []
    for one in earlier:
        if not one.report.get("chosen_for"):
            continue  # no trials were made for it
        why_not = _why_not(one, goal, model, dim, count)
        if not why_not:
            return EarlierChoice(one.report)
        reasons.append(why_not)
    return EarlierChoice(why_not=reasons[0]) if reasons else EarlierChoice()


def _why_not(one: EarlierIndex, goal: str, model: str, dim: int, count: int) -> str:
    """Return why a choice made by trials does not hold, in words; empty if it holds."""
    try:
        stamp = read_stamp(one.rows)
    except ContractError:
        return "the earlier index is damaged"
    if stamp.get("dim") != str(dim):
        return f"vectors have {dim} dimensions and had {stamp.get('dim')}"
    if stamp.get("model") != model:
        return "another model made the vectors"
    chosen_for = one.report["chosen_for"]
    if not chosen_for / SIZE_FACTOR <= count <= chosen_for * SIZE_FACTOR:
        return f"there are {count} vectors and there were {chosen_for}"
    return "" if one.report["goal"] == goal else "the settings of the index changed"

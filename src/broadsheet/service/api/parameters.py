"""Parameters that several routes take, with their bounds."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field, StringConstraints

LONGEST_ID = 512
"""Most characters of an id in a request; what an id may be is checked where it is used."""
Id = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ID)]
ReaderId = Annotated[str, Path(min_length=1, max_length=LONGEST_ID, description="The reader's id.")]
NewsId = Annotated[str, Path(min_length=1, max_length=LONGEST_ID, description="The article's id.")]
K = Annotated[int, Query(ge=1, le=100, description="Most stories or articles of the answer.")]
Section = Annotated[str | None, Query(max_length=200, description="Only articles of this category.")]
Exclude = Annotated[list[Id] | None, Query(max_length=200, description="Ids of articles that are not wanted.")]
Ids = Annotated[list[Id], Field(max_length=200)]


def filters_of(section: str | None, exclude: list[str] | None) -> dict[str, Any]:
    """Return the filters of a request; see `Pipeline.run`."""
    filters: dict[str, Any] = {"only": {"category": [section]}} if section else {}
    return filters | ({"exclude": {"news_id": sorted(set(exclude))}} if exclude else {})

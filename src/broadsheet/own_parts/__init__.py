"""Parts of a site's own: signals, sources, a re-ranker, a writer, importers; given in Python or named in settings."""

from broadsheet.own_parts.parts import (
    OwnParts,
    OwnSignal,
    OwnSource,
    Reader,
    ReadRows,
    Rerank,
    WriteTexts,
    open_parts,
    part_name,
    part_title,
)

__all__ = [
    "OwnParts",
    "OwnSignal",
    "OwnSource",
    "ReadRows",
    "Reader",
    "Rerank",
    "WriteTexts",
    "open_parts",
    "part_name",
    "part_title",
]

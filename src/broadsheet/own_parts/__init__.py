"""Parts of a site's own: signals, sources, a re-ranker, a writer, importers; given in Python or named in settings."""

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.own_parts.parts import (
    OwnParts,
    OwnSignal,
    OwnSource,
    ReadRows,
    Rerank,
    WriteTexts,
    open_parts,
    part_name,
    part_title,
)
from broadsheet.readers.state import ReaderState

__all__ = [
    "Catalogue",
    "OwnParts",
    "OwnSignal",
    "OwnSource",
    "ReadRows",
    "ReaderState",
    "Rerank",
    "WriteTexts",
    "open_parts",
    "part_name",
    "part_title",
]

"""Parts of a site's own: signals, sources, a re-ranker, a writer, importers; given in Python or named in settings."""

from broadsheet.own_parts.parts import OwnParts, OwnSignal, OwnSource, Reader, part_name

__all__ = ["OwnParts", "OwnSignal", "OwnSource", "Reader", "part_name"]

"""A benchmark's report: its document, the same as Markdown, its plots, and the files of all three."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from broadsheet.errors import InputError
from broadsheet.evaluation.report.plots import new_figure
from broadsheet.tables.files import replacing, write_json, write_text


@dataclass(frozen=True)
class Report:
    """What a benchmark found."""

    name: str
    "What its files are called, without their endings."
    document: Mapping[str, Any]
    "What was found, as JSON holds it."
    lines: Sequence[str]
    "The same as lines of Markdown."
    plots: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)
    "What draws each plot as PNG into a path. The key follows the report's name in the file's: `-slices`, or nothing."

    @property
    def markdown(self) -> str:
        """The report as Markdown, with a line break at its end."""
        return "\n".join(self.lines) + "\n"

    def write(self, out: Path) -> list[Path]:
        """Write NAME.json, NAME.md and each plot into a folder, each file whole or not at all; return the paths."""
        written = [out / f"{self.name}{ending}" for ending in (".json", ".md")]
        write_json(written[0], self.document)
        write_text(written[1], self.markdown)
        for ending, draw in self.plots.items():
            written.append(out / f"{self.name}{ending}.png")
            with replacing(written[-1]) as part:
                draw(part)
        return written


def check_plots() -> None:
    """Raise InputError if plots cannot be drawn, before any work."""
    new_figure(1, 1)


def make_folder(folder: Path) -> None:
    """Make a folder if it is not there; raises InputError if it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"folder {folder}: cannot be made ({error.strerror}). Name a folder that this user may write."
        ) from error

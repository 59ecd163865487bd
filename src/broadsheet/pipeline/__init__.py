"""The front door: `Pipeline` makes a page for a reader now; `build` makes the next edition."""

from broadsheet.nightly.build import build
from broadsheet.pipeline.opened import open_newsroom, run
from broadsheet.pipeline.pipeline import Pipeline

__all__ = ["Pipeline", "build", "open_newsroom", "run"]

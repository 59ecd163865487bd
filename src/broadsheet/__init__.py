"""Broadsheet: a newspaper written for one reader.

`from broadsheet import pipeline; page = pipeline.run("U13740", k=10)`
"""

from broadsheet.version import __version__

__all__ = ["__version__"]

"""The command line: one file for each group of commands."""

from broadsheet.cli.app import main

__all__ = ["main"]

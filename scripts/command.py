"""How the scripts that users run are called: plain messages, and one line for an error that can be mended."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import typer

from broadsheet.errors import BroadsheetError


def run(main: Callable[..., None]) -> None:
    """Run a function as a command line; a BroadsheetError ends it with the script's name and the message."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        typer.run(main)
    except BroadsheetError as error:
        sys.exit(f"{Path(sys.argv[0]).stem}: {error}")

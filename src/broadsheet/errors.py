"""Every error that Broadsheet raises on purpose.

Each is also a builtin exception, so that callers who know nothing of Broadsheet can catch it. A message names the file
or the argument, what was found, what was expected, and what to do next.
"""

from collections.abc import Sequence


class BroadsheetError(Exception):
    """Base of all errors that the user can mend; the command line prints these without a traceback."""


class ContractError(BroadsheetError, ValueError):
    """A table or file is not what the reader expects."""


class ConfigError(BroadsheetError, ValueError):
    """broadsheet.toml, or an argument, has a value that cannot be used."""


class InputError(BroadsheetError, ValueError):
    """An argument of a request, such as k or the text of `ask`, cannot be used."""


class CorpusError(BroadsheetError, ValueError):
    """An import cannot be carried out as asked; the newsroom is as it was."""


class AssetError(BroadsheetError, RuntimeError):
    """An asset could not be fetched, or is not the file that was pinned."""


class NewsroomError(BroadsheetError, RuntimeError):
    """A newsroom lacks what was asked of it, or is in use by another build."""


class GateError(BroadsheetError, RuntimeError):
    """An edition is complete and out of bounds: it is kept, and what is current stays so."""


class ModelError(BroadsheetError, RuntimeError):
    """A model cannot be found or loaded, or is not the one that made a file."""


class DiskError(BroadsheetError, OSError):
    """A file cannot be written since the disk is full; the file is as it was before."""


class OwnPartError(BroadsheetError, ValueError):
    """A part of the site's own failed, or returned what cannot be used."""


class TrainingError(BroadsheetError, RuntimeError):
    """A training cannot go on; its last good checkpoint is kept."""


def join_problems(problems: Sequence[str]) -> str:
    """Write several problems as one message, so that the user mends them all at once."""
    return problems[0] if len(problems) == 1 else "".join(f"\n  - {problem}" for problem in problems)

"""Where the live service keeps its own files: its database and its secret."""

from pathlib import Path

from broadsheet.newsroom.newsroom import Newsroom


def service_folder(newsroom: Newsroom) -> Path:
    """Return the folder that `[service] state` names; it may be missing. Raises ConfigError for wrong settings."""
    return newsroom.path / newsroom.config().service.state

"""The folder of one publisher: names of its files, lock, editions, manifest, journal and clock."""

from broadsheet.newsroom.edition import Edition
from broadsheet.newsroom.newsroom import Newsroom

__all__ = ["Edition", "Newsroom"]

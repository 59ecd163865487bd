"""Index build: from article vectors to a FAISS index, and search in it."""

from broadsheet.index_build.build import build_index
from broadsheet.index_build.late import LateSearch
from broadsheet.index_build.search import SearchIndex, open_index

__all__ = ["LateSearch", "SearchIndex", "build_index", "open_index"]

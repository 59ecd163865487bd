"""Index build: from article vectors to the FAISS index that measurement chooses, and search in it."""

from broadsheet.index_build.build import Goal, build_index, describe
from broadsheet.index_build.late import LateSearch
from broadsheet.index_build.measure import Exact, search_exactly, shares_found
from broadsheet.index_build.reuse import Earlier
from broadsheet.index_build.search import SearchIndex, ShardedIndex, open_index

__all__ = [
    "Earlier",
    "Exact",
    "Goal",
    "LateSearch",
    "SearchIndex",
    "ShardedIndex",
    "build_index",
    "describe",
    "open_index",
    "search_exactly",
    "shares_found",
]

"""Index build: from article vectors to a FAISS index, exact or of the kind that trials choose, and search in it."""

from broadsheet.index_build.budget import SHARE_OF_ENCODING, Budget
from broadsheet.index_build.build import build_index, describe
from broadsheet.index_build.choice import Goal
from broadsheet.index_build.join import join_shards
from broadsheet.index_build.late_search import LateSearch
from broadsheet.index_build.measure import Exact, search_exactly, shares_found
from broadsheet.index_build.reuse import EarlierIndex
from broadsheet.index_build.search import SearchIndex, ShardedIndex, open_index
from broadsheet.index_build.shards import shard_goal, shard_of, shard_path

__all__ = [
    "SHARE_OF_ENCODING",
    "Budget",
    "EarlierIndex",
    "Exact",
    "Goal",
    "LateSearch",
    "SearchIndex",
    "ShardedIndex",
    "build_index",
    "describe",
    "join_shards",
    "open_index",
    "search_exactly",
    "shard_goal",
    "shard_of",
    "shard_path",
    "shares_found",
]

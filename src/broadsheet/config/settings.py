"""The settings of a newsroom: one frozen dataclass a stage, read from broadsheet.toml.

Every setting has a default that works; a file names only what it changes.
"""

from dataclasses import dataclass, field
from typing import Literal

from broadsheet.config.generate import GenerateConfig
from broadsheet.config.nightly import ArticlesConfig, GateConfig
from broadsheet.config.rerank import RerankConfig
from broadsheet.config.retrieval import IndexConfig, RetrievalConfig
from broadsheet.config.training import RerankerConfig, TowersConfig, WriterConfig


@dataclass(frozen=True)
class Config:
    """Everything that broadsheet.toml can say."""

    clock: Literal["now", "latest"] = "now"
    "The time of a build or a request: the real one, or that of the corpus's latest article or click (archives)."
    active_days: float = 30.0
    "A user with a click in so many days before the clock, or with a profile, is active."
    articles: ArticlesConfig = field(default_factory=ArticlesConfig)
    gate: GateConfig = field(default_factory=GateConfig)
    retrieval: RetrievalConfig = field(default_factory=RetrievalConfig)
    index: IndexConfig = field(default_factory=IndexConfig)
    rerank: RerankConfig = field(default_factory=RerankConfig)
    generate: GenerateConfig = field(default_factory=GenerateConfig)
    towers: TowersConfig = field(default_factory=TowersConfig)
    reranker: RerankerConfig = field(default_factory=RerankerConfig)
    writer: WriterConfig = field(default_factory=WriterConfig)

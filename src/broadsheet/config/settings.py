"""The settings of a newsroom: all sections of broadsheet.toml.

Every setting has a default that works; a file names only what it changes.
"""

from dataclasses import field
from typing import Annotated, Literal

from pydantic import AfterValidator

from broadsheet.config.acts import ActsConfig
from broadsheet.config.experiments import ExperimentConfig, ExplorationConfig
from broadsheet.config.filters import FiltersConfig, PageConfig
from broadsheet.config.generate import GenerateConfig
from broadsheet.config.imports import ImportsConfig
from broadsheet.config.nightly import ArticlesConfig, GateConfig
from broadsheet.config.own import OwnConfig
from broadsheet.config.rerank import RerankConfig
from broadsheet.config.retrieval import IndexConfig, RetrievalConfig
from broadsheet.config.section import Days, section
from broadsheet.config.service import LetterConfig, PushConfig, ServiceConfig
from broadsheet.config.training import AttentionConfig, LearningConfig, RerankerConfig, TowersConfig, WriterConfig


def _known_store(address: str) -> str:
    if address and not address.startswith(("postgresql://", "postgres://")):
        raise ValueError('"" or an address such as "postgresql://USER@HOST/DATABASE"')
    return address


@section
class Config:
    """Settings of the whole newsroom, above the first section of broadsheet.toml."""

    clock: Literal["now", "latest"] = "now"
    'The time of a build or request. "now": the real time. "latest": that of the newest article or click, for archives.'
    active_days: Days = 30.0
    "Builds make pages for readers with a click in this many days before the clock, and for readers who told interests."
    licence: Literal["any", "open"] = "any"
    """"any": the trained models that come with the package are used; they are for research only. "open": they are left
    out, and models work as they come under an open licence, or as you trained them."""
    events: Annotated[str, AfterValidator(_known_store)] = field(default="", repr=False)
    """Where events of readers are kept. "": in the newsroom, by SQLite. "postgresql://USER@HOST/DATABASE": in
    PostgreSQL, for several machines; needs `pip install "broadsheet[postgresql]"`. A password belongs into ~/.pgpass,
    which PostgreSQL's own tools read too."""
    imports: ImportsConfig = field(default_factory=ImportsConfig)
    articles: ArticlesConfig = field(default_factory=ArticlesConfig)
    acts: ActsConfig = field(default_factory=ActsConfig)
    gate: GateConfig = field(default_factory=GateConfig)
    retrieval: RetrievalConfig = field(default_factory=RetrievalConfig)
    index: IndexConfig = field(default_factory=IndexConfig)
    rerank: RerankConfig = field(default_factory=RerankConfig)
    exploration: ExplorationConfig = field(default_factory=ExplorationConfig)
    filters: FiltersConfig = field(default_factory=FiltersConfig)
    page: PageConfig = field(default_factory=PageConfig)
    generate: GenerateConfig = field(default_factory=GenerateConfig)
    towers: TowersConfig = field(default_factory=TowersConfig)
    reranker: RerankerConfig = field(default_factory=RerankerConfig)
    attention: AttentionConfig = field(default_factory=AttentionConfig)
    writer: WriterConfig = field(default_factory=WriterConfig)
    learning: LearningConfig = field(default_factory=LearningConfig)
    service: ServiceConfig = field(default_factory=ServiceConfig)
    letter: LetterConfig = field(default_factory=LetterConfig)
    push: PushConfig = field(default_factory=PushConfig)
    own: OwnConfig = field(default_factory=OwnConfig)
    experiments: dict[str, ExperimentConfig] = field(default_factory=dict)
    "Experiments by name: some readers get pages by other settings; see the how-to on experiments."

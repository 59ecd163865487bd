"""The settings of retrieval and of the index."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SourceWeights:
    """What each source of candidates counts for; 0 turns it off. Where none is changed, those of the towers count."""

    two_tower: float = 0.5
    popularity: float = 1.0
    freshness: float = 0.1
    co_click: float = 0.5


@dataclass(frozen=True)
class RetrievalConfig:
    """Settings of the towers and of candidate search."""

    encoder: str = "asset:minilm"
    "The BERT of both towers: asset:NAME, a folder, or a hub name."
    towers: str = "auto"
    "Trained towers: auto is the newsroom's own, else those shipped; untrained is none; else a folder."
    max_tokens: int = 96
    "Tokens of title, category and abstract that the news tower reads."
    enrich_titles: bool = False
    "Whether it reads key sentences of the body where the abstract is empty or says nothing that the title doesn't."
    history: int = 50
    "Newest clicks that the user tower reads."
    candidates: int = 200
    "Articles retrieved for each user."
    weights: SourceWeights = field(default_factory=SourceWeights)


@dataclass(frozen=True)
class IndexConfig:
    """Settings of the FAISS index."""

    kind: str = "auto"
    "auto is the kind that is fastest as measured; else flat (exact), or a FAISS factory string, such as HNSW32_SQfp16."
    recall: float = 0.98
    "Least share of a reader's 100 nearest articles that is found, measured on the readers' own vectors."
    memory_mib: int = 0
    "Most memory that searching may take; 0 is what fits into this machine."
    shards: int = 1
    "Parts of about equal size that the index is cut into, built one by one or on several workers, searched as one."

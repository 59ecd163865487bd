"""The models that a newsroom's settings name; each is opened when it is first used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from broadsheet.config.settings import Config
from broadsheet.errors import AssetError, ConfigError, ModelError
from broadsheet.models.licences import of_package
from broadsheet.models.trained_folder import stands
from broadsheet.newsroom import Newsroom
from broadsheet.own_parts import OwnParts, open_parts
from broadsheet.tables.schemas import SIGNALS
from broadsheet.workbench.languages import Reads, standing

if TYPE_CHECKING:
    from broadsheet.generate import Writer
    from broadsheet.rerank import PairScorer
    from broadsheet.rerank.attentive_scorer.scorer import TrainedScorer
    from broadsheet.rerank.learned_fusion import LearnedFusion
    from broadsheet.retrieval.towers.news_tower import NewsTower
    from broadsheet.retrieval.towers.user_tower import UserTower


@contextmanager
def named_setting(file: Path, setting: str = "") -> Iterator[None]:
    """Name the settings file, and the setting if it is given, in the errors of a model or a part that it names."""
    try:
        yield
    except (ConfigError, ModelError, AssetError) as error:
        if not file.is_file():  # all settings are defaults, which nobody wrote
            raise
        kind = next(kind for kind in (ConfigError, ModelError, AssetError) if isinstance(error, kind))
        where = f"{file}, {setting}" if setting else str(file)
        raise kind(f"{where}: {error}") from error


_SHARED = ("reads", "own", "towers", "news_tower", "user_tower", "cross_encoder_folder", "fusion", "writer")
"""What is opened once for all settings that name the same models; the cross-encoder too, where it is read."""


@dataclass(frozen=True, eq=False)
class EditionModels:
    """The models that a newsroom's settings name; a newsroom's own trained model comes before the package's.

    Workbenches made with the same object share the models that were opened.
    """

    newsroom: Newsroom
    config: Config
    given: OwnParts = field(default_factory=OwnParts)
    "Parts of the site's own that are given in Python, beside those that the settings name."
    chosen: Reads | None = None
    "What the articles are read with; None for what the current edition was built with."

    @cached_property
    def reads(self) -> Reads:
        """The encoder, and whether the articles are in English; raises AssetError as `choose_encoder` does."""
        with named_setting(self.newsroom.config_file, "[retrieval] towers"):
            return self.chosen or standing(self.newsroom, self.config)

    def under(self, config: Config) -> EditionModels:
        """Return these models under other settings, which must name the same models: what is opened is shared."""
        other = replace(self, config=config)
        shared = [*_SHARED, *(["cross_encoder"] if other.is_read("relevance") else [])]
        if config.rerank.attention == self.config.rerank.attention and other.is_read("attention"):
            shared.append("attention")
        vars(other).update({name: getattr(self, name) for name in shared})
        return other

    @property
    def encoder(self) -> str:
        """The base model of the towers: what the settings name, or what fits the language of the articles."""
        return self.reads.encoder

    @cached_property
    def own(self) -> OwnParts:
        """The site's own parts; raises ConfigError if one that the settings name cannot be found or used."""
        with named_setting(self.newsroom.config_file):
            return open_parts(self.config.own) | self.given

    @cached_property
    def towers(self) -> Path | None:
        """The folder of trained towers: the folder that the config names, else the newsroom's own, else the package's.

        None if no trained towers fit the encoder. Raises ModelError if the config names a folder that is not whole or
        was trained on another encoder.
        """
        from broadsheet.retrieval.towers.trained import choose_towers

        setting, encoder = self.config.retrieval.towers, self.encoder
        with named_setting(self.newsroom.config_file, "[retrieval] towers"):
            return choose_towers(setting, self.newsroom.towers, encoder, shipped=self.takes_shipped)

    @cached_property
    def attention(self) -> TrainedScorer | None:
        """The newsroom's own attentive scorer, else the package's; None if neither learned from these vectors.

        Raises ModelError if the scorer's folder is not whole.
        """
        from broadsheet.rerank.attentive_scorer.trained import load_attention

        folder, weights = self.attention_folder, vars(self.config.rerank.attention)
        return None if folder is None else load_attention(folder, weights)

    @cached_property
    def attention_folder(self) -> Path | None:
        """The folder of the attentive scorer: the newsroom's own, else the package's; None if it does not fit."""
        from broadsheet.rerank.attentive_scorer.trained import choose_attention

        own, shipped = self.newsroom.attention, self.takes_shipped
        return choose_attention(own, self.encoder, self.vectors_name, shipped=shipped)

    @property
    def vectors_name(self) -> str:
        """What the trained towers made of the encoder's vectors, as the attentive scorer names it."""
        from broadsheet.rerank.attentive_scorer.trained import vectors_name

        return vectors_name(self.towers)

    @cached_property
    def news_tower(self) -> NewsTower:
        """The model that makes article vectors."""
        from broadsheet.generate.extracts.key_facts import NAME, key_facts
        from broadsheet.retrieval.towers.trained import load_trained_news_tower

        settings = self.config.retrieval
        towers = self.towers
        with named_setting(self.newsroom.config_file, "[retrieval] encoder"):
            tower = load_trained_news_tower(
                towers, self.encoder, max_tokens=settings.max_tokens, prefixes=settings.prefixes
            )
        return tower.reading(key_facts, NAME) if settings.enrich_titles else tower

    @cached_property
    def user_tower(self) -> UserTower:
        """The model that makes user vectors."""
        from broadsheet.retrieval.towers.trained import load_user_tower

        history = self.config.retrieval.history
        return load_user_tower(self.towers, self.encoder, self.news_tower.dim, history=history)

    @cached_property
    def source_weights(self) -> dict[str, float]:
        """The weights of the candidate sources: the config's, else those tuned with the towers; and the site's own."""
        from broadsheet.retrieval.towers.trained import SOURCE_WEIGHTS
        from broadsheet.workbench.source_weights import choose_weights

        configured, own = self.config.retrieval.weights, self.own.sources
        found = vars(configured) if self.towers is None else choose_weights(configured, self.towers / SOURCE_WEIGHTS)
        return {**found, **{name: source.weight for name, source in own.items()}}

    @cached_property
    def signal_weights(self) -> dict[str, float]:
        """The weights of the signals, the site's own among them."""
        own = {name: signal.weight for name, signal in self.own.signals.items()}
        return {**vars(self.config.rerank.weights), **own}

    @cached_property
    def cross_encoder_folder(self) -> Path | None:
        """The folder of the trained cross-encoder: the newsroom's own, else the package's if it fits, else None.

        The package's reads English, and is left out if the articles are in another language.
        """
        from broadsheet.rerank.cross_encoder.trained import choose_cross_encoder

        own, encoder = self.newsroom.reranker, self.config.rerank.encoder
        shipped = self.takes_shipped and (stands(own) or self.reads.english)
        return choose_cross_encoder(own, encoder, shipped=shipped)

    @property
    def takes_shipped(self) -> bool:
        """Whether the trained weights that come with the package may be used: not if only open licences are wanted."""
        return self.config.licence == "any"

    def licence_notice(self) -> str:
        """Return a sentence on weights in use that are for research only, and what to do; empty if there are none."""
        from broadsheet.rerank.attentive_scorer.trained import shipped_attention
        from broadsheet.rerank.cross_encoder.trained import shipped_adapter
        from broadsheet.retrieval.towers.trained import shipped_towers

        in_use = ["towers"] if of_package(self.towers, shipped_towers()) else []
        attends = self.is_read("attention") and of_package(self.attention_folder, shipped_attention())
        in_use += ["attentive scorer"] if attends else []
        reads_pairs = self.is_read("relevance") and self.cross_encoder_folder == shipped_adapter()
        in_use += ["cross-encoder's adapter"] if reads_pairs else []
        if not in_use:
            return ""
        return (
            f"licence: the shipped {' and the shipped '.join(in_use)} learned from MIND, whose licence is for research "
            'only. For any other use, set licence = "open" at the top of broadsheet.toml, then train your own with '
            "`broadsheet train towers`, `broadsheet train attention` and `broadsheet train reranker`."
        )

    @cached_property
    def cross_encoder(self) -> PairScorer | None:
        """The newsroom's own trained cross-encoder, else the package's if it fits the base model, else None.

        Raises ModelError if the base model cannot be found, or if the newsroom's own cross-encoder is not whole or was
        trained on another base model.
        """
        from broadsheet.rerank.cross_encoder.trained import load_cross_encoder

        settings = self.config.rerank
        with named_setting(self.newsroom.config_file, "[rerank] encoder"):
            folder = self.cross_encoder_folder
            if folder is None:
                return None
            return load_cross_encoder(folder, settings.encoder, max_tokens=settings.max_tokens)

    def is_read(self, signal: str) -> bool:
        """Whether a ranking reads a signal: it has a weight, or a learned fusion or the site's own re-ranker gets it.

        A trained model's score takes time, the cross-encoder's nearly all of a ranking's: weight 0 is not worth it.
        """
        weight: float = getattr(self.config.rerank.weights, signal)
        return bool(weight) or self.fusion is not None or self.own.reranker is not None

    @property
    def scorer(self) -> PairScorer | None:
        """The cross-encoder as rankings use it: None if no ranking reads its scores."""
        return self.cross_encoder if self.is_read("relevance") else None

    @cached_property
    def fusion(self) -> LearnedFusion | None:
        """The newsroom's own learned fusion of signals, or None; raises ModelError if it is damaged."""
        from broadsheet.rerank.learned_fusion import load_fusion

        known = (*SIGNALS, *self.own.signals)
        return load_fusion(self.newsroom.fusion, known) if stands(self.newsroom.fusion) else None

    @cached_property
    def writer(self) -> Writer | None:
        """The site's own writer, else the language model that the config names; None for the publisher's own words."""
        from broadsheet.generate import open_writer
        from broadsheet.generate.writers.own import OwnWriter

        if self.own.writer is not None:
            return OwnWriter(self.own.writer, self.own.described()["writer"])

        naming = partial(named_setting, self.newsroom.config_file, "[generate] writer")
        with naming():
            return open_writer(self.config.generate, self.newsroom.writer, shipped=self.takes_shipped, naming=naming)

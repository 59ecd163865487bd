"""Trained cross-encoders measured beside one another: how each alone ranks what was shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.offline.signals import WHOLE, impression_signals
from broadsheet.offline.workbenches import Labelled
from broadsheet.progress import Say, silent
from broadsheet.rerank import PairScorer, load_cross_encoder
from broadsheet.rerank.cross_encoder.trained import mode_of, read_card
from broadsheet.rerank.signals import present
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.workbench import Workbench


@dataclass(frozen=True)
class Trained:
    """A trained cross-encoder; those of one label are seeds of one row."""

    label: str
    folder: Path
    scorer: PairScorer

    def describe(self) -> dict[str, Any]:
        """Return the cross-encoder's entry in a report: label, folder, fingerprint, mode and recipe."""
        card = read_card(self.folder)
        about = {"label": self.label, "folder": self.folder.name, "fingerprint": self.scorer.fingerprint}
        return {**about, "mode": mode_of(card), "recipe": card.get("recipe", {})}


CrossEncoders = Sequence[Trained]


def open_cross_encoders(models: EditionModels, folders: Sequence[Labelled], say: Say = silent) -> CrossEncoders:
    """Load trained cross-encoders; raises ModelError for one that is not whole or was trained on another base."""
    settings = models.config.rerank
    found = []
    for label, folder in folders:
        say(f"cross-encoder {label} of {folder}")
        scorer = load_cross_encoder(folder, settings.encoder, max_tokens=settings.max_tokens)
        found.append(Trained(label, folder, scorer))
    return found


def scores_of(
    bench: Workbench, cross_encoders: CrossEncoders, impressions: Sequence[Impression]
) -> Iterator[tuple[str, Floats]]:
    """Yield the row of each and its relevance of what was shown, laid end to end (shown,); 0 where it is absent."""
    for one in cross_encoders:
        signals = impression_signals(bench, impressions, one.scorer, reads=WHOLE)
        yield row_of(one.label), np.concatenate([np.zeros(0), *(present(found["relevance"]) for found in signals)])


def row_of(label: str) -> str:
    """Return the name of a label's row."""
    return f"{label} cross-encoder"

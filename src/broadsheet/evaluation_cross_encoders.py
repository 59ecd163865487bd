"""Trained cross-encoders measured beside one another: how each alone ranks what was shown."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from broadsheet.evaluation import Floats, Impression
from broadsheet.evaluation_bench import Labelled, Report, silent
from broadsheet.evaluation_signals import impression_signals
from broadsheet.rerank import PairScorer, load_cross_encoder
from broadsheet.rerank.fusion import present
from broadsheet.workbench import Workbench

CrossEncoders = Sequence[tuple[str, PairScorer]]
"""A label and what a folder of that label holds; those of one label are seeds of one row."""


def open_cross_encoders(bench: Workbench, folders: Sequence[Labelled], report: Report = silent) -> CrossEncoders:
    """Load trained cross-encoders; raises ModelError for one that is not whole or was trained on another base."""
    settings = bench.config.rerank
    found = []
    for label, folder in folders:
        report(f"cross-encoder {label} of {folder}")
        found.append((label, load_cross_encoder(folder, settings.encoder, max_tokens=settings.max_tokens)))
    return found


def scores_of(
    bench: Workbench, cross_encoders: CrossEncoders, impressions: Sequence[Impression]
) -> Iterator[tuple[str, Floats]]:
    """Yield the row of each and its relevance of what was shown, laid end to end (shown,); 0 where it is absent."""
    for label, scorer in cross_encoders:
        view = copy.copy(bench)
        vars(view)["cross_encoder"] = scorer
        signals = impression_signals(view, impressions)
        yield row_of(label), np.concatenate([np.zeros(0), *(present(one["relevance"]) for one in signals)])


def row_of(label: str) -> str:
    """Return the name of a label's row."""
    return f"{label} cross-encoder"


def describe_cross_encoders(cross_encoders: CrossEncoders) -> list[dict[str, Any]]:
    """Return what a report says of each: label and fingerprint."""
    return [{"label": label, "fingerprint": scorer.fingerprint} for label, scorer in cross_encoders]

"""The rankings of a benchmark's rows as prediction files in MIND's submission format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.metrics.mind_submission import write_predictions
from broadsheet.tables.arrays import Floats, Integers
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS
from broadsheet.workbench.data import EditionData


def write_rankings(
    folder: Path,
    scores: Mapping[str, Sequence[Floats]],
    data: EditionData,
    split: str,
    impressions: Sequence[Impression],
) -> Iterator[Path]:
    """Write a file for each row, or for each of its seeds, and yield their paths.

    `scores` are of what the impressions show, laid end to end (shown,). A file has a line for each impression of the
    split: an article without text comes last, and in an impression that is not among those measured all tie.
    """
    table = read_table(data.newsroom.impressions(split), IMPRESSIONS).select(["impression_id", "shown"])
    names, shown = table.column("impression_id").to_pylist(), table.column("shown").to_pylist()
    offsets = np.cumsum([0, *map(len, shown)])
    places = _places(data, shown, offsets, impressions)
    for row, several in scores.items():
        for seed, ours in enumerate(several):
            name = re.sub(r"[^\w.]+", "-", row) + (f"-seed-{seed}" if len(several) > 1 else "")
            spread = np.full(offsets[-1], -np.inf)
            least = ours.min(initial=0.0, where=np.isfinite(ours)) - 1  # where no word is shared; no text comes after
            spread[places] = np.maximum(ours, least)
            write_predictions(folder / f"{name}.txt", names, spread, offsets)
            yield folder / f"{name}.txt"


def _places(
    data: EditionData, shown: Sequence[Sequence[str]], offsets: Integers, impressions: Sequence[Impression]
) -> Integers:
    """Return where the impressions' articles, those with text, stand among all that the split showed (shown,)."""
    known = data.catalogue.row_of
    places = [
        offsets[one.number] + place
        for one in impressions
        for place, news_id in enumerate(shown[one.number])
        if news_id in known
    ]
    return np.array(places, np.int64)

"""The names of the articles of a catalogue, such as their categories, as numbers that are made once."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from broadsheet.tables.arrays import Integers

KINDS = ("category", "subcategory", "source")
"""The columns of a news table that are numbered."""
UNKNOWN = -1
"""The number of an article whose name is unknown."""


@dataclass(frozen=True)
class NumberedNames:
    """A column of names, such as the articles' categories: articles with equal names have equal numbers."""

    names: tuple[str, ...]
    "Each name once; its place is its number. The name of UNKNOWN, the last place, is empty."
    numbers: Integers
    "The number of each article's name, UNKNOWN where the name is empty. (articles,)"


def number_names(column: pa.ChunkedArray, known: NumberedNames | None = None) -> NumberedNames:
    """Return a column of names as numbers, behind the articles of `known`, whose names keep their numbers."""
    encoded = column.combine_chunks().dictionary_encode()
    encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    found = encoded.dictionary.to_pylist()
    names = dict.fromkeys([*(known.names[:-1] if known else ()), *(name for name in found if name)])
    number_of = {name: number for number, name in enumerate(names)} | {"": UNKNOWN}
    numbers = np.array([number_of[name] for name in found], np.int64)[np.asarray(encoded.indices, np.int64)]
    return NumberedNames((*names, ""), np.concatenate([known.numbers, numbers]) if known else numbers)

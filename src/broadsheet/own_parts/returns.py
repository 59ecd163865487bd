"""Calling a site's own part and checking what it returns; every error names the part, what it returned, and what to.

The title of a part in these errors is such as `own signal near_region (my_site.parts:near_region)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from broadsheet.errors import BroadsheetError, OwnPartError
from broadsheet.tables.arrays import Floats, Rows
from broadsheet.tables.values import LARGEST
from broadsheet.text import shortened

Returned = TypeVar("Returned")

_LONGEST = 80
"""Most characters of a wrong value that a message repeats."""
_NUMBERS: Any = int | float | np.integer | np.floating | np.bool_


def call_part(title: str, call: Callable[..., Returned], *arguments: Any) -> Returned:  # noqa: ANN401
    """Return what the part returns; raises OwnPartError, which names the part, for any error of its own."""
    try:
        return call(*arguments)
    except BroadsheetError:
        raise
    except Exception as error:
        raise OwnPartError(
            f"{title} raised {type(error).__name__}: {error}. Mend the function, or take it out."
        ) from error


def checked_numbers(title: str, returned: Any, count: int, *, may_lack: bool) -> Floats:  # noqa: ANN401
    """Return `count` numbers as an array (count,), NaN for None.

    A list, a tuple, a NumPy array or an Arrow array is accepted. Raises OwnPartError for anything else, for another
    number of values, for a value that is not a number or not finite, and for None (null) unless `may_lack`.
    """
    values = _sequence(title, returned, "a list, a NumPy array or an Arrow array of numbers")
    if len(values) != count:
        raise OwnPartError(
            f"{title} returned {len(values)} values, expected {count}: one for each article, in the articles' order."
        )
    expected = f"a finite number{', or None where it cannot be known' if may_lack else ''}"
    for place, value in enumerate(values):
        if not (value is None and may_lack) and not _is_finite(value):
            raise OwnPartError(f"{title} returned {_shown(value)} at place {place}, expected {expected}.")
    return np.array([math.nan if value is None else value for value in values], np.float64)


def checked_proposals(
    title: str,
    returned: Any,  # noqa: ANN401
    row_of: Mapping[str, int],
    most: int,
) -> tuple[Rows, Floats]:
    """Return the rows and the scores of proposed articles, the best first; equal scores keep their order.

    Accepted is a list of pairs of a news_id and a score. Raises OwnPartError for anything else, for more than `most`
    pairs, for an article named twice or not among those of `row_of`, and for a score that is not a finite number.
    """
    pairs = _sequence(title, returned, "a list of pairs (news_id, score)")
    if len(pairs) > most:
        raise OwnPartError(f"{title} returned {len(pairs)} articles, expected {most} at most: its argument n.")
    found: dict[int, float] = {}
    for place, pair in enumerate(pairs):
        if not (isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str) and _is_finite(pair[1])):
            raise OwnPartError(
                f"{title} returned {_shown(pair)} at place {place}, expected a pair of a news_id, a text, and a score, "
                "a finite number."
            )
        news_id, score = pair
        if news_id not in row_of:
            raise OwnPartError(
                f"{title} returned the article {_shown(news_id)}, which this edition does not have. "
                "Return only articles that are in catalogue.row_of."
            )
        if row_of[news_id] in found:
            raise OwnPartError(f"{title} returned the article {_shown(news_id)} twice, expected each article once.")
        found[row_of[news_id]] = float(score)
    rows, scores = np.array(list(found), np.int64), np.array(list(found.values()), np.float64)
    order = np.argsort(-scores, kind="stable")
    return rows[order], scores[order]


def checked_texts(title: str, returned: Any, count: int) -> list[str | None]:  # noqa: ANN401
    """Return `count` texts, None for a prompt without a text.

    Raises OwnPartError for anything but a list of texts and None, and for another number of them.
    """
    texts = _sequence(title, returned, "a list of texts")
    if len(texts) != count:
        raise OwnPartError(
            f"{title} returned {len(texts)} texts, expected {count}: one for each prompt, in their order."
        )
    for place, text in enumerate(texts):
        if not (text is None or isinstance(text, str)):
            raise OwnPartError(
                f"{title} returned {_shown(text)} at place {place}, expected a text, or None for no text."
            )
    return list(texts)


def _sequence(title: str, returned: Any, expected: str) -> Sequence[Any]:  # noqa: ANN401
    if isinstance(returned, pa.Array | pa.ChunkedArray):
        returned = returned.to_pylist()
    if isinstance(returned, np.ndarray) and returned.ndim == 1:
        returned = returned.tolist()
    if not isinstance(returned, list | tuple):
        shape = f" of shape {returned.shape}" if isinstance(returned, np.ndarray) else ""
        raise OwnPartError(f"{title} returned a {type(returned).__name__}{shape}, expected {expected}.")
    return returned


def _is_finite(value: Any) -> bool:  # noqa: ANN401
    """Return whether a value is a number, NumPy's included, that a table can hold: not NaN, finite as a float32."""
    return isinstance(value, _NUMBERS) and bool(-LARGEST <= value <= LARGEST)


def _shown(value: object) -> str:
    return shortened(repr(value), _LONGEST)

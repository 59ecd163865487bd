"""One list of items to try penalties and limits on, which take many lists at once."""

import numpy as np

from broadsheet.rerank.policy.selection import select
from tests.support.stage_contract import unit


def numbers(text):
    """Letters as the numbers of names, in one list; a dot is an unknown name."""
    return np.array([[-1 if letter == "." else ord(letter) for letter in text]], np.int64)


def flags(text, on="x"):
    """Which letters are `on`, in one list."""
    return np.array([[letter == on for letter in text]], np.bool_)


def likeness(vectors):
    """The inner products of one list of vectors, which are brought to unit length."""
    vectors = unit(vectors)
    return (vectors @ vectors.T)[None]


def order_of(*limits, count, boosts=0.0):
    """The order in which limits let items through that are already in order."""
    return select(-np.arange(count, dtype=np.float64)[None], [], limits, boosts)[0].tolist()

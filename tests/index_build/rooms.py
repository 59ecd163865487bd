"""An index in a folder of its own, and what exact search would find."""

import json

import numpy as np
import pyarrow as pa

from broadsheet.index_build import Budget, EarlierIndex, Goal, build_index, open_index
from broadsheet.index_build.budget import no_limit
from broadsheet.index_build.choice import EXACT_UP_TO
from broadsheet.tables.arrow_files import read_stamp
from broadsheet.tables.schemas import news_vectors
from broadsheet.tables.vectors import vectors_to_arrow
from tests.support.stage_contract import unit


def vectors_table(vectors):
    ids = [f"N{number}" for number in range(len(vectors))]
    return pa.table([ids, ids, vectors_to_arrow(vectors)], schema=news_vectors(vectors.shape[1]))


def random_vectors(count, dim=16, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(count, dim)))


class Room:
    """The two files of an index in a folder."""

    exact_up_to = EXACT_UP_TO

    def __init__(self, folder):
        folder.mkdir(exist_ok=True)
        self.index, self.rows = folder / "index.faiss", folder / "index.arrow"

    def build(self, vectors, kind="auto", model="m1", *, recall=0.9, queries=None, earlier=(), **more):
        """Build an index; `more` are further settings of the goal, and the budget of trials."""
        self.table = vectors_table(vectors)
        queries = np.zeros((0, vectors.shape[1]), np.float32) if queries is None else queries
        make_budget = more.pop("make_budget", no_limit)
        goal = Goal(kind, recall, **{"memory_mib": 0, "exact_up_to": self.exact_up_to, **more})
        given = {"model": model, "queries": queries, "goal": goal, "earlier": earlier, "make_budget": make_budget}
        return build_index(self.table, self.index, self.rows, **given)

    def earlier(self, report):
        return EarlierIndex(self.index, self.rows, report)

    def tuned(self):
        return json.loads(read_stamp(self.rows)["parameters"])

    def open(self, model="m1", news_ids=None):
        news_ids = self.table["news_id"] if news_ids is None else news_ids
        return open_index(self.index, self.rows, news_ids=news_ids, model=model)


def exact(vectors, queries, k):
    scores = queries @ vectors.T
    rows = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, rows, 1), rows


class Clock:
    """A clock that is ten seconds later each time somebody looks at it."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        self.seconds += 10.0
        return self.seconds


FEW = {dim: random_vectors(30, dim, seed=1) for dim in (16, 32, 128)}
"""Queries by their dimension."""


def budget_of(seconds):
    return lambda count: Budget(seconds, Clock())

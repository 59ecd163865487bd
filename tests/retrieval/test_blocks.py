"""Readers are served in blocks, and each as if alone: not a bit of a number depends on who else is in the block."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.index_build.flat import search_flat
from broadsheet.readers.mutes import Mutes
from broadsheet.retrieval.sources.block_vectors import BlockVectors
from broadsheet.retrieval.towers.user_tower import new_user_tower
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.live_schemas import MUTES
from tests.retrieval.test_retriever import candidates, make_retriever
from tests.support.stage_contract import catalogue_of, hours, unit, users_table

DRAW = np.random.default_rng(5)
ARTICLES, DIM = 120, 48
VECTORS = unit(DRAW.normal(size=(ARTICLES, DIM)) + np.repeat(DRAW.normal(size=(12, DIM)), 10, axis=0))
VECTORS[-6:] = VECTORS[:6]


def moved_tower(interests):
    """A tower whose weights are not those of an untrained one."""
    torch.manual_seed(1)
    tower = new_user_tower(DIM, history=20, interests=interests)
    with torch.no_grad():
        for weight in tower.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    return tower


@pytest.fixture(scope="module", params=[1, 3], ids=["one interest", "three interests"])
def retriever(request):
    clicks = [(int(user), int(row), hours(-float(age))) for user, row, age in DRAW.integers(0, 60, (200, 3))]
    made, _ = make_retriever(
        VECTORS,
        k=40,
        tower=moved_tower(request.param),
        clicks=clicks,
        quotas={"freshness": 0.2, "popularity": 0.1},
        title=[f"Title of article {number % 114}" for number in range(ARTICLES)],
        category=DRAW.choice(["sports", "science", "politics", ""], ARTICLES).tolist(),
        published_at=[hours(-int(age)) if age else None for age in DRAW.integers(0, 60, ARTICLES)],
        search=lambda queries, k: search_flat(VECTORS, queries, k),
        says=lambda texts: VECTORS[[len(text) for text in texts]],
    )
    return made


reads = st.lists(st.integers(0, ARTICLES - 1).map("N{}".format), max_size=30)
readers = st.lists(st.tuples(reads, st.sampled_from(["", "", "chess"]), st.booleans()), min_size=2, max_size=8)


@settings(deadline=None, max_examples=8)
@given(readers)
def test_a_reader_in_a_block_gets_the_candidates_of_the_reader_alone_to_the_bit(retriever, who):
    rows = [
        {"user_id": f"u{number}", "history": history, "profile": profile, "hidden": history[:2] if hides else []}
        for number, (history, profile, hides) in enumerate(who)
    ]
    mutes = Mutes(from_rows([{"user_id": "u0", "categories": ["sports"], "sources": []}], MUTES))
    together, alone = candidates(retriever, *rows, mutes=mutes), []
    for row in rows:
        alone += candidates(retriever, row, mutes=mutes).to_pylist()
    assert together.to_pylist() == alone
    users = users_table(*rows)
    vectors = [row for number in range(len(rows)) for row in retriever.vectors(users.slice(number, 1)).to_pylist()]
    assert retriever.vectors(users).to_pylist() == vectors


def test_vectors_of_a_block_are_read_once_and_are_those_of_the_catalogue():
    catalogue = catalogue_of(np.eye(9))
    vectors = BlockVectors(catalogue)
    vectors.add(np.array([3, 3, 1]))
    for rows in ([1, 3, 1], [8, 0], [], list(range(9))):
        assert vectors(np.array(rows, np.int64)).tolist() == catalogue.vectors_of(rows).tolist()

"""Readers are ranked in blocks, and each as if alone: not a bit of a number depends on who else is in the block."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.corpus.filters import Quota, Selection
from broadsheet.readers.mutes import Mutes
from broadsheet.readers.reads import READS
from broadsheet.readers.state import reader_states
from broadsheet.rerank import Policy, Reranker
from broadsheet.rerank.attentive_scorer.scorer import TrainedScorer
from broadsheet.rerank.block import Block, parts_of
from broadsheet.rerank.learned_fusion import FusionRecipe, Lists, fit_fusion
from broadsheet.rerank.signals import SIGNALS
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.live_schemas import MUTES
from broadsheet.tables.schemas import RANKED
from tests.rerank.test_reranker import candidates_table
from tests.support.evaluated import random_scorer
from tests.support.stage_contract import catalogue_of, hours, unit, users_table

ARTICLES, DIM = 90, 48
DRAW = np.random.default_rng(3)
VECTORS = unit(DRAW.normal(size=(ARTICLES, DIM)) + np.repeat(DRAW.normal(size=(9, DIM)), 10, axis=0))
CATALOGUE = catalogue_of(
    np.concatenate([VECTORS[:-4], VECTORS[:4]]),
    title=[f"Title of article {number % 86}" for number in range(ARTICLES)],
    category=DRAW.choice(["sports", "science", "politics", ""], ARTICLES).tolist(),
    subcategory=DRAW.choice(["golf", "chess", ""], ARTICLES).tolist(),
    source=DRAW.choice(["Daily", "Weekly", "Herald", ""], ARTICLES).tolist(),
    published_at=[hours(-int(age)) if age else None for age in DRAW.integers(0, 60, ARTICLES)],
)
POLICY = Policy(0.4, 0.2, 9, 12, 1, 0.8, 3.0, small_sources=0.1, once=True, newest=0.1)
WEIGHTS = {name: 1 / (number + 1) for number, name in enumerate(SIGNALS)}


def read_pairs(pairs):
    return np.array([len(f"{history}{candidate}") % 97 / 97 for history, candidate in pairs], np.float32)


@pytest.fixture(scope="module")
def both():
    signals = {name: DRAW.random(800) for name in SIGNALS}
    mixture = np.sum([*signals.values()], axis=0).reshape(200, 4)
    clicked = mixture == mixture.max(axis=1, keepdims=True)
    fusion = fit_fusion(Lists(signals, clicked.ravel(), np.full(200, 4)), SIGNALS, FusionRecipe(trees=8))
    return rerankers(fusion)


def rerankers(fusion):
    attention = TrainedScorer(random_scorer(DIM), 0.0, "random")
    about = {
        "attention": attention,
        "depth": 40,
        "reads": 25,
        "history": 30,
        "headlines": 3,
        "policy": POLICY,
        "weights": WEIGHTS,
    }
    return Reranker(CATALOGUE, read_pairs, **about), Reranker(CATALOGUE, None, **about, fusion=fusion)


reads = st.lists(st.integers(0, ARTICLES - 1).map("N{}".format), max_size=40)
readers = st.lists(st.tuples(reads, st.sampled_from(["", "", "chess"]), st.integers(0, 60)), min_size=2, max_size=9)


@settings(deadline=None, max_examples=10)
@given(readers, st.integers(0, 2**16), st.booleans())
def test_a_reader_in_a_block_gets_the_page_of_the_reader_alone_to_the_bit(both, who, seed, filtered):
    draw = np.random.default_rng(seed)
    users = [
        {"user_id": f"u{number}", "history": history, "profile": profile, "reads": known_reads(draw, len(history))}
        for number, (history, profile, _) in enumerate(who)
    ]
    names = ("two_tower", "popularity", "click_rate", "trend", "co_click", "freshness")
    offered = []
    for number, (_, _, count) in enumerate(who):
        ids, scores = draw.permutation(ARTICLES)[:count].tolist(), draw.random((count, 6)).round(3).tolist()
        signals = {f"N{row}": dict(zip(names, line, strict=True)) for row, line in zip(ids, scores, strict=True)}
        offered.append((f"u{number}", signals))
    candidates = candidates_table(*offered)
    mutes = Mutes(from_rows([{"user_id": "u0", "categories": ["golf", "sports"], "sources": ["Weekly"]}], MUTES))
    states = reader_states(users_table(*users), CATALOGUE, mutes)
    selection = selection_of(draw) if filtered else None
    for reranker in both:
        together = reranker(states, candidates, selection)
        assert together.schema.equals(RANKED, check_metadata=True)
        alone = [row for state in states for row in reranker([state], candidates, selection).to_pylist()]
        assert together.to_pylist() == alone


def known_reads(draw, count):
    """What is known of some reads: something of two of three, and of the reads of one of three readers nothing."""
    if draw.random() < 1 / 3:
        return None
    values = np.where(draw.random((count, len(READS))) < 2 / 3, draw.random((count, len(READS))), np.nan)
    return [dict(zip(READS, line, strict=True)) for line in np.where(np.isnan(values), None, values).tolist()]


def selection_of(draw):
    of_kind = draw.random(ARTICLES) < 0.2
    quotas = [Quota(of_kind, 2, 0), Quota(draw.random(ARTICLES) < 0.3, 0, 4)]
    boosts = np.where(draw.random(ARTICLES) < 0.1, 0.3, 0.0)
    return Selection(draw.random(ARTICLES) < 0.9, draw.random(ARTICLES) < 0.05, boosts, quotas)


def test_the_nearest_of_the_history_come_first_and_of_equal_ones_the_newer():
    catalogue = catalogue_of([[1, 0], [0, 1], [1, 0], [1, 1], [1, 0.1], [0.1, 1]])
    states = reader_states(
        users_table(
            {"user_id": "a", "history": ["N0", "N1", "N2", "N3"]},
            {"user_id": "b", "history": ["N1", "N0", "N1"]},
            {"user_id": "c"},
        ),
        catalogue,
    )
    block = Block(catalogue, states, [[4, 5], [4], [5]], history=50)
    assert block.nearest(3)[0].tolist() == [[2, 0, 3], [1, 3, 2]]
    assert block.nearest(3)[1, 0].tolist() == [0, 1, -1], "an article that was read twice counts once"
    assert block.nearest(1)[block.there][:, 0].tolist() == [2, 1, 0, -1]
    assert block.history.tolist() == [[3, 2, 1, 0], [1, 0, 1, -1], [-1] * 4] and block.lengths.tolist() == [2, 1, 1]
    assert Block(catalogue, states, [[4, 5], [4], [5]], history=2).history.tolist() == [[3, 2], [1, 0], [-1, -1]]


def test_long_lists_make_small_blocks_and_each_reader_is_in_one_of_them():
    assert [*parts_of([1000] * 9)] == [slice(0, 4), slice(4, 8), slice(8, 9)], "4 * 1000² of at most 2²² pairs"
    assert [*parts_of([10, 3000, 10, 10])] == [slice(0, 1), slice(1, 2), slice(2, 4)], (
        "a list may be too long by itself"
    )
    assert [*parts_of([60] * 300)] == [slice(0, 256), slice(256, 300)] and [*parts_of([])] == []

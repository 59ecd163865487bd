from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.rerank.cross_encoder.packed_pairs import PackedPairs
from broadsheet.rerank.cross_encoder.pair_tokens import lay_out
from tests.rerank.cross_encoder.test_model import changed_cross_encoder

MAX_TOKENS = 128
WORDS = st.lists(st.integers(5, 40), max_size=40)
ROW = st.builds(lambda history, candidate: lay_out(history, candidate, MAX_TOKENS, (2, 3)), WORDS, WORDS)
ROWS = st.lists(ROW, min_size=1, max_size=10)
FLOAT, BFLOAT = torch.float32, torch.bfloat16
KINDS = {(FLOAT, None): 1e-5, (FLOAT, BFLOAT): 1e-2, (BFLOAT, None): 2e-2}
"""dtypes of weights and of products, and how far a score may be from that of transformers with these weights."""


@pytest.fixture(scope="module", params=KINDS, ids=str)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def model(kind, encoder):
    model = changed_cross_encoder(encoder)
    model.bert = model.bert.merge_and_unload().to(kind[0])
    return model.eval()


@pytest.fixture(scope="module")
def score(model, kind):
    return PackedPairs(model.bert, model.judge, kind[1])


@torch.inference_mode()
def plain(model, row):
    """The score by transformers, of one pair alone and so without padding."""
    ids, segments = torch.tensor([row.ids]), torch.tensor([row.segments])
    return model(ids, torch.ones_like(ids), segments).sigmoid().item()


@settings(max_examples=20, deadline=None)
@given(ROWS)
def test_scores_are_those_of_transformers(model, score, kind, rows):
    expected = np.array([plain(model, row) for row in rows])
    assert np.abs(score(rows) - expected).max() < KINDS[kind]


@settings(max_examples=20, deadline=None)
@given(ROWS)
def test_a_score_is_the_same_to_the_bit_whatever_stands_beside_it(score, rows):
    together = score(rows)
    assert np.array_equal(together, score(rows[::-1])[::-1])
    assert np.array_equal(together, np.concatenate([score([row]) for row in rows]))


def test_pairs_of_one_token_and_of_the_most_tokens_are_scored(model, score, kind):
    rows = [lay_out(*words, MAX_TOKENS, (2, 3)) for words in (([], []), ([7], []), ([], [7]), ([8] * 200, [9] * 200))]
    assert [len(row.ids) for row in rows] == [3, 4, 4, MAX_TOKENS]
    expected = np.array([plain(model, row) for row in rows])
    assert np.abs(score(rows) - expected).max() < KINDS[kind]


def test_no_rows_have_no_scores(score):
    assert score([]).shape == (0,) and score([]).dtype == np.float32


@pytest.fixture(scope="module")
def many():
    """Enough tokens for several batches."""
    return [
        lay_out([number % 36 + 5] * (number % 60), [7, 8] * (number % 9), MAX_TOKENS, (2, 3)) for number in range(90)
    ]


def test_it_is_the_same_to_the_bit_with_one_core_and_with_two(model, kind, many):
    threads, found = torch.get_num_threads(), []
    for number in (1, 2):
        torch.set_num_threads(number)
        found.append(PackedPairs(model.bert, model.judge, kind[1])(many))
    torch.set_num_threads(threads)
    assert np.array_equal(*found) and np.ptp(found[0]) > 0.1, "the pairs are told apart, or this test could not fail"


def test_eight_threads_at_once_get_what_one_gets(score, many):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(score, [many] * 8))
    assert all(np.array_equal(one, score(many)) for one in found)

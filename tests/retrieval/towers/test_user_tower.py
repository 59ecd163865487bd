import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.retrieval.towers.user_tower import BATCH, new_user_tower
from tests.support.stage_contract import unit

E = np.eye(4, dtype=np.float32)


@pytest.fixture
def trained():
    """A user tower that departed from the mean, as training leaves it."""
    torch.manual_seed(0)
    tower = new_user_tower(4, history=5)
    with torch.no_grad():
        tower.correction.weight.normal_()
        tower.attention[2].weight.normal_()
    return tower


def histories(count, rng):
    return [unit(rng.normal(size=(rng.integers(1, 7), 4))) for _ in range(count)]


def test_an_untrained_tower_is_the_normalised_mean():
    tower = new_user_tower(4, history=5)
    vectors = tower.encode([E[:1], E[:2], np.stack([E[0], E[0], E[1]])])[:, 0]
    assert vectors.dtype == np.float32
    assert vectors[0].tolist() == [1, 0, 0, 0]
    assert vectors[1] == pytest.approx([0.70710678, 0.70710678, 0, 0])
    assert vectors[2] == pytest.approx([0.89442719, 0.44721360, 0, 0])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=6), st.integers(0, 2**32 - 1))
def test_any_users_get_unit_vectors_or_zeros_for_no_history(lengths, seed):
    rng = np.random.default_rng(seed)
    sequences = [unit(rng.normal(size=(length, 4))) if length else np.zeros((0, 4), np.float32) for length in lengths]
    vectors = new_user_tower(4, history=5).encode(sequences)
    norms = np.linalg.norm(vectors, axis=2)[:, 0]
    assert vectors.shape == (len(lengths), 1, 4)
    assert norms == pytest.approx(np.array(lengths, bool).astype(float), abs=1e-5)


def test_only_the_newest_items_are_read():
    tower = new_user_tower(4, history=2)  # two clicks, and one item of what the reader says
    old, new = np.repeat(E[3:], 10, axis=0), E[:3]
    assert tower.encode([np.vstack([old, new])])[0, 0] == pytest.approx(np.array([1, 1, 1, 0]) / 3**0.5)


def test_an_untrained_tower_reads_no_order_and_a_trained_one_does(trained):
    sequence = E[:3]
    untrained = new_user_tower(4, history=5)
    assert untrained.encode([sequence])[0] == pytest.approx(untrained.encode([sequence[::-1]])[0], abs=1e-6)
    assert np.abs(trained.encode([sequence])[0] - trained.encode([sequence[::-1]])[0]).max() > 1e-3
    assert np.abs(trained.encode([sequence])[0] - untrained.encode([sequence])[0]).max() > 1e-3


def test_a_user_of_a_trained_tower_does_not_depend_on_the_others(trained):
    sequences = histories(20, np.random.default_rng(1))
    sequences[7] = np.zeros((0, 4), np.float32)
    alone = np.concatenate([trained.encode([sequence]) for sequence in sequences])
    assert np.abs(trained.encode(sequences) - alone).max() < 1e-5
    assert not alone[7].any()


def test_more_users_than_a_batch_keep_their_order():
    sequences = [E[number % 4 : number % 4 + 1] for number in range(BATCH + 3)]
    vectors = new_user_tower(4, history=5).encode(sequences)
    assert vectors[:, 0].argmax(1).tolist() == [number % 4 for number in range(BATCH + 3)]


def test_the_first_step_of_training_reaches_attention_and_correction():
    tower = new_user_tower(4, history=5).train()
    items, mask = torch.from_numpy(E[None, :3].copy()), torch.ones(1, 3, dtype=torch.long)
    tower(items, mask)[0, 0, 0].backward()
    for layer in (tower.correction, tower.attention[2]):
        assert layer.weight.grad.abs().max() > 0


def test_several_interests_begin_apart_and_near_the_mean():
    torch.manual_seed(0)
    vectors = new_user_tower(4, history=5, interests=3).encode([E[:3], np.zeros((0, 4), np.float32)])
    assert vectors.shape == (2, 3, 4) and not vectors[1].any()
    assert len({tuple(vector) for vector in vectors[0].round(6).tolist()}) == 3
    assert (vectors[0] @ (E[:3].sum(0) / 3**0.5) > 0.9).all()


def test_the_sequences_are_as_they_were(trained):
    sequence = E[:3].copy()
    trained.encode([sequence])
    assert np.array_equal(sequence, E[:3])


def test_a_model_that_another_thread_loads_meanwhile_changes_nothing(trained):
    expected = trained.encode([E[:3]])
    torch.set_default_dtype(torch.bfloat16)  # as transformers does while it loads
    try:
        assert np.array_equal(trained.encode([E[:3]]), expected)
    finally:
        torch.set_default_dtype(torch.float32)

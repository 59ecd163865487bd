import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.tables.arrays import draw_rows

counts = st.integers(0, 50)


@given(counts, counts)
def test_rows_are_drawn_once_each_in_order_and_the_same_for_a_seed(total, most):
    rows = draw_rows(total, most, seed=3).tolist()
    assert rows == sorted(set(rows)) == draw_rows(total, most, seed=3).tolist()
    assert len(rows) == min(total, most) and set(rows) <= set(range(total))


@pytest.mark.parametrize("seed", [1, 2])
def test_another_seed_draws_other_rows(seed):
    assert draw_rows(1000, 10, seed).tolist() != draw_rows(1000, 10).tolist()

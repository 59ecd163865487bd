import numpy as np
import pyarrow as pa
import pytest

from broadsheet.nightly.ranks import ranks_count_up
from broadsheet.nightly.stages import _rows_per_user


def table(users, ranks, batch=100):
    whole = pa.table({"user_id": pa.array(list(users), pa.string()), "rank": pa.array(ranks, pa.int32())})
    return pa.Table.from_batches(whole.to_batches(max_chunksize=batch), whole.schema)


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("users", "ranks", "sound"),
    [
        ("", [], True),
        ("aab", [1, 2, 1], True),
        ("aaaab", [1, 2, 3, 4, 1], True),
        ("aab", [1, 2, 2], False),
        ("aaa", [1, 2, 2], False),
        ("aaa", [2, 3, 4], False),
        ("aba", [1, 1, 1], False),
        ("aba", [1, 1, 2], False),
        ("abca", [1, 1, 1, 1], False),
    ],
)
def test_the_rows_of_a_user_stand_together_and_their_ranks_count_up_whatever_the_batches(users, ranks, sound, batch):
    assert ranks_count_up(table(users, ranks, batch)) is sound


def test_a_user_without_a_name_is_a_user_too():
    assert ranks_count_up(table(["", "", "a"], [1, 2, 1])) and not ranks_count_up(table(["", "a", ""], [1, 1, 1]))


def test_the_candidates_of_each_user_are_counted():
    users = pa.table({"user_id": ["a", "b", "c"]})
    assert _rows_per_user(users, table("aac", [1, 2, 1])).tolist() == [2, 0, 1]
    assert _rows_per_user(users, table("", [])).tolist() == [0, 0, 0]
    assert isinstance(_rows_per_user(users.slice(0, 0), table("", [])), np.ndarray)

import torch
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.batching import length_buckets, pad

LENGTHS = st.lists(st.integers(0, 200), max_size=60)


@given(LENGTHS, st.integers(1, 500))
def test_buckets_hold_every_row_once_longest_first_and_within_their_tokens(lengths, batch_tokens):
    batches = list(length_buckets(lengths, batch_tokens))
    rows = [row for batch in batches for row in batch]
    assert sorted(rows) == list(range(len(lengths)))
    assert [lengths[row] for row in rows] == sorted(lengths, reverse=True)
    for batch in batches:
        padded = len(batch) * max(lengths[row] for row in batch)
        assert padded <= batch_tokens or len(batch) == 1


def test_buckets_of_no_rows_are_none():
    assert list(length_buckets([])) == []


def test_padding_fills_each_column_to_the_longest_row_and_masks_it():
    rows = [
        {"input_ids": [5, 6, 7], "token_type_ids": [0, 1, 1]},
        {"input_ids": [8], "token_type_ids": [1]},
    ]
    batch = pad(rows, 9)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 9, 9]]
    assert batch["token_type_ids"].tolist() == [[0, 1, 1], [1, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert {tensor.dtype for tensor in batch.values()} == {torch.long}

import torch
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.models.batching import even_batches, length_buckets, pad, padded_length

LENGTHS = st.lists(st.integers(0, 200), max_size=60)


@given(LENGTHS, st.integers(1, 500))
def test_buckets_hold_every_row_once_longest_first_and_within_their_tokens(lengths, batch_tokens):
    batches = list(length_buckets(lengths, batch_tokens))
    rows = [row for batch in batches for row in batch]
    assert sorted(rows) == list(range(len(lengths)))
    padded = [max(padded_length(lengths[row]) for row in batch) for batch in batches]
    assert padded == sorted(padded, reverse=True)
    for batch, length in zip(batches, padded, strict=True):
        assert {padded_length(lengths[row]) for row in batch} == {length}
        assert len(batch) * length <= batch_tokens or len(batch) == 1


def test_equal_lengths_fill_their_batches_in_order():
    assert list(length_buckets([8, 3, 9, 16, 7], 16)) == [[2], [3], [0, 1], [4]]


def test_lengths_are_padded_to_multiples_of_eight():
    assert [padded_length(length) for length in (0, 1, 8, 9, 16, 17)] == [8, 8, 8, 16, 16, 24]


def test_buckets_of_no_rows_are_none():
    assert list(length_buckets([])) == []


def test_padding_fills_each_column_to_one_length_and_masks_it():
    rows = [
        {"input_ids": [5, 6, 7], "token_type_ids": [0, 1, 1]},
        {"input_ids": [8], "token_type_ids": [1]},
    ]
    batch = pad(rows, 9)
    assert batch["input_ids"].tolist() == [[5, 6, 7, *[9] * 5], [8, *[9] * 7]]
    assert batch["token_type_ids"].tolist() == [[0, 1, 1, *[0] * 5], [1, *[0] * 7]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, *[0] * 5], [1, *[0] * 7]]
    assert {tensor.dtype for tensor in batch.values()} == {torch.long}


@given(LENGTHS, st.integers(1, 8))
def test_even_batches_hold_every_row_once_longest_first_and_about_as_many_tokens(lengths, parts):
    batches = even_batches(lengths, parts)
    rows = [row for batch in batches for row in batch]
    assert sorted(rows) == list(range(len(lengths))) and len(batches) <= parts and all(batches)
    assert [lengths[row] for row in rows] == sorted(lengths, reverse=True)
    for batch in batches:
        assert sum(lengths[row] for row in batch) <= sum(lengths) / parts + max(lengths[row] for row in batch)

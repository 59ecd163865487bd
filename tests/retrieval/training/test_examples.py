import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.retrieval.training.examples import BatchMaker, ClickExample, History


def maker(**options):
    return BatchMaker(**{"history": 3, "negatives": 2, "next_clicks": 2, "history_drop": 0.0, **options})


def tokenise(rows):
    """Stands for a tokeniser: tells which rows it was asked for."""
    return [{"asked": list(rows)}]


def read(batch, name, mask):
    """Catalogue rows that a batch names, by click."""
    places = zip(batch[name], batch[mask], strict=True)
    return [batch["rows"][part[real]].tolist() for part, real in places]


def test_each_distinct_article_stands_once_and_is_found_by_its_place():
    batch = maker()([ClickExample([7, 5], 9, [2, 5]), ClickExample([5, 7], 2, [9])])
    assert batch["rows"].tolist() == [2, 5, 7, 9]
    assert batch["clicked"].tolist() == [3, 0]
    assert read(batch, "history", "history_mask") == [[5, 7], [7, 5]], "newest first"
    assert sorted(read(batch, "negatives", "negatives_mask")[0]) == [2, 5]
    assert read(batch, "negatives", "negatives_mask")[1] == [9]


def test_masks_say_what_is_real():
    batch = maker()([ClickExample([1, 2, 3], 4, [5, 6]), ClickExample([1], 4), ClickExample([], 5, [6])])
    assert batch["history_mask"].tolist() == [[True] * 3, [True, False, False], [False] * 3]
    assert batch["negatives_mask"].tolist() == [[True, True], [False, False], [True, False]]
    assert torch.equal(batch["shown_mask"], batch["negatives_mask"]), "nothing is mined"


def test_only_the_newest_articles_of_a_history_are_read():
    assert read(maker()([ClickExample([1, 2, 3, 4, 5], 9)]), "history", "history_mask") == [[5, 4, 3]]


def test_mined_articles_compete_and_are_not_among_those_shown():
    batch = maker(negatives=1)([ClickExample([1], 2, [3, 4, 5], mined=[8, 9]), ClickExample([1], 3, mined=[8])])
    first, second = read(batch, "negatives", "negatives_mask")
    assert first[0] in (3, 4, 5) and first[1:] == [8, 9] and second == [8]
    assert batch["shown_mask"].tolist() == [[True, False, False], [False, False, False]]


def test_what_the_reader_clicked_is_known_and_no_negative():
    batch = maker(history=1)([ClickExample([1, 2], 4, [5], others=[4, 6]), ClickExample([], 3)])
    assert [set(row) - {-1} for row in batch["own_rows"].tolist()] == [{1, 2, 4, 6}, {3}], (
        "all of the history, not the cut"
    )


def test_the_teacher_speaks_of_the_articles_that_were_drawn():
    teacher = [0.5, 3.0, 4.0, 5.0]  # of 2, then of 3, 4 and 5
    for seed in range(5):
        random.seed(seed)
        batch = maker()([ClickExample([1], 2, [3, 4, 5], teacher=teacher), ClickExample([1], 2, [3, 4])])
        drawn = read(batch, "negatives", "negatives_mask")[0]
        assert batch["teacher"][0].tolist() == [0.5, *(float(row) for row in drawn)]
        assert batch["teacher"][1].isnan().all()


def test_a_readers_next_clicks_have_the_articles_before_them_and_know_all_of_them():
    random.seed(1)
    batch = maker(history=9)([History([10, 11, 12, 13], "reader U")])
    assert batch["names"] == ["reader U"] * 2
    clicked = batch["rows"][batch["clicked"]].tolist()
    for row, history, known in zip(
        clicked, read(batch, "history", "history_mask"), batch["own_rows"].tolist(), strict=True
    ):
        assert history == list(range(row - 1, 9, -1)), "those before it, newest first"
        assert {10, 11, 12, 13} <= set(known)
    assert len(set(clicked)) == 2 and 10 not in clicked, "the first click follows nothing"


def test_a_short_history_has_fewer_next_clicks():
    assert len(maker(next_clicks=5)([History([1, 2, 3])])["clicked"]) == 2


def test_history_articles_are_encoded_only_if_asked():
    items = [ClickExample([1, 2], 5, [3], mined=[8]), ClickExample([3], 8)]
    batch = maker(tokenise=tokenise)(items)
    assert batch["tokens"] == [{"asked": [3, 5, 8]}]
    assert batch["rows"][batch["encoded"]].tolist() == [3, 5, 8]
    everything = maker(tokenise=tokenise, encode_history=True)(items)
    assert everything["tokens"] == [{"asked": [1, 2, 3, 5, 8]}] and everything["encoded"].tolist() == [0, 1, 2, 3, 4]
    assert "tokens" not in maker()(items)


def test_histories_lose_half_of_their_articles_and_never_all():
    random.seed(0)
    batch = maker(history=40, history_drop=1.0)([ClickExample(list(range(40)), 50)] * 50 + [ClickExample([1], 50)] * 20)
    lengths = batch["history_mask"].sum(1)
    assert 15 < lengths[:50].float().mean() < 25 and lengths.min() == 1
    for kept in read(batch, "history", "history_mask"):
        assert kept == sorted(kept, reverse=True), "the order stays"


rows = st.integers(0, 30)
examples = st.builds(
    ClickExample,
    st.lists(rows, max_size=6),
    rows,
    st.lists(rows, max_size=4, unique=True),
    mined=st.lists(rows, max_size=2, unique=True),
)
readers = st.builds(History, st.lists(rows, min_size=2, max_size=6))


@settings(max_examples=50, deadline=None)
@given(st.lists(examples | readers, min_size=1, max_size=5), st.integers(0, 9))
def test_any_items_make_a_batch_whose_places_are_right_and_a_seed_decides_it(items, seed):
    make = maker(history_drop=0.5)
    random.seed(seed)
    batch = make(items)
    random.seed(seed)
    again = make(items)
    tensors = [name for name, value in batch.items() if torch.is_tensor(value)]
    assert all(batch[name].equal(again[name]) or name == "teacher" for name in tensors)
    assert np.array_equal(batch["rows"], np.unique(batch["rows"])), "sorted, each once"
    named = {batch["rows"][place].item() for place in batch["clicked"]}
    for part in (*read(batch, "history", "history_mask"), *read(batch, "negatives", "negatives_mask")):
        named |= set(part)
    assert named == set(batch["rows"].tolist())
    assert (batch["history_mask"].sum(1) <= 3).all() and (batch["shown_mask"].sum(1) <= 2).all()


def test_another_seed_draws_other_negatives():
    drawn = set()
    for seed in range(20):
        random.seed(seed)
        drawn.add(tuple(read(maker()([ClickExample([1], 2, [3, 4, 5])]), "negatives", "negatives_mask")[0]))
    assert len(drawn) > 2


def test_a_batch_needs_a_click():
    with pytest.raises(ValueError, match="need at least one array"):
        maker()([])

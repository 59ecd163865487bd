import numpy as np
import pytest

from broadsheet.corpus.impressions import read_split
from broadsheet.evaluation.pages.new_stories_cost import BEFORE, NOW, WITHOUT, measure_cost
from broadsheet.evaluation.pages.policies import Shown, measure_policy
from broadsheet.metrics.labels import labels_of
from broadsheet.rerank import Items, Policy


def shown_with(clicked, newest):
    """One impression of eleven articles of falling score; `clicked` and `newest` are places from 0."""
    unknown = np.full((1, 11), -1)
    items = Items(
        scores=-np.arange(11.0)[None],
        there=np.ones((1, 11), np.bool_),
        likeness=np.eye(11, dtype=np.float32)[None],
        categories=unknown,
        sources=unknown,
        published_at=np.full((1, 11), np.nan),
        newest=np.arange(11)[None] == newest,
    )
    return Shown(
        items=[items],
        rows=[np.arange(11)],
        read=[np.zeros((1, 0), np.int64)],
        histories=labels_of(np.full((1, 1), -1), np.full(11, -1)),
        clicked=np.arange(11) == clicked,
        offsets=np.array([0, 11]),
        vectors=np.eye(11, dtype=np.float32),
        categories=np.full(11, -1),
    )


@pytest.mark.parametrize(
    ("clicked", "without", "kept"),
    [(9, 1 / np.log2(11), 0.0), (10, 0.0, 1 / np.log2(11)), (0, 1.0, 1.0)],
    ids=["the tenth was clicked", "the new article was clicked", "the first was clicked"],
)
def test_a_kept_place_costs_the_click_that_it_takes_the_tenth_place_from(clicked, without, kept):
    shown = shown_with(clicked, newest=10)
    assert measure_policy(shown, Policy())["ndcg@10"] == pytest.approx([without])
    assert measure_policy(shown, Policy(newest=0.1))["ndcg@10"] == pytest.approx([kept])


def test_the_cost_has_three_rankings_and_the_clicks_among_candidates(bench):
    found = measure_cost(bench, read_split(bench.data.newsroom, bench.data.catalogue, "valid"), 20)
    assert set(found["rows"]) == {NOW, BEFORE, WITHOUT}
    assert {(one["of"], one["minus"]) for one in found["differences"]} == {(NOW, WITHOUT), (NOW, BEFORE)}
    for shares in found["candidates"].values():
        re_ranked, everything = shares.values()
        assert 0 <= re_ranked <= everything <= 1

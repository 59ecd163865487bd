"""One text under several ids: a page shows it once while there is anything else to show."""

import pytest

from tests.rerank.test_reranker import NONE, candidates_table, make_catalogue, make_reranker
from tests.support.stage_contract import hours, users_table

TRAM = "Mayor opens the new tram line on Monday at noon"
TITLES = [TRAM, f"{TRAM}!", TRAM, "Another text of the same event"]


@pytest.mark.parametrize(
    ("policy", "order"),
    [({"once": True}, ["N0", "N3", "N1", "N2"]), ({}, ["N0", "N1", "N2", "N3"])],
    ids=["once", "no limit"],
)
def test_copies_of_a_text_come_after_all_others_however_far_apart_they_appeared(policy, order):
    published = [hours(-1), hours(-1), hours(-2400), hours(-1)]
    catalogue = make_catalogue([[1, 0]] * 4, title=TITLES, category=[""] * 4, published_at=published)
    reranker = make_reranker(catalogue, weights={**NONE, "two_tower": 1.0}, depth=10, **policy)
    candidates = candidates_table(("u", {f"N{n}": {"two_tower": 1 - n / 20} for n in range(4)}))
    page = reranker(users_table({"user_id": "u"}), candidates).to_pylist()
    assert [row["news_id"] for row in page] == order

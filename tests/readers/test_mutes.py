"""Muting by reader: the table, the two calls that change it, and what each stage then leaves out."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.errors import ContractError, InputError, NewsroomError
from broadsheet.newsroom import Newsroom
from broadsheet.readers.mutes import Mutes, mute, open_mutes, unknown_names, unmute
from broadsheet.readers.state import reader_states
from broadsheet.rerank import Policy, Reranker
from broadsheet.tables.arrow_files import from_rows, read_table
from broadsheet.tables.live_schemas import MUTES
from broadsheet.tables.schemas import CANDIDATES
from tests.support.stage_contract import catalogue_of, lists_by_user, news_table, users_table

NEWS = news_table(4, category=["sports", "", "arts", "sports"], source=["A", "B", "", "B"])
WEIGHTS = {
    "relevance": 0.0,
    "two_tower": 1.0,
    "popularity": 0.0,
    "click_rate": 0.0,
    "trend": 0.0,
    "co_click": 0.0,
    "freshness": 0.0,
    "affinity": 0.0,
    "subcategory_affinity": 0.0,
    "attention": 0.0,
    "unseen": 0.0,
    "source_affinity": 0.0,
}


def mutes_of(**readers):
    """Mutes from a pair for each reader: categories and sources."""
    return Mutes(
        from_rows([{"user_id": user, "categories": c, "sources": s} for user, (c, s) in readers.items()], MUTES)
    )


@pytest.mark.parametrize(
    ("categories", "sources", "expected"),
    [
        (["sports"], [], [True, False, False, True]),
        ([], ["B"], [False, True, False, True]),
        (["arts", "never"], ["A"], [True, False, True, False]),
        (["", "Sports"], [""], [False] * 4),
        ([], [], [False] * 4),
    ],
)
def test_an_article_is_muted_by_its_category_or_its_source(categories, sources, expected):
    mutes = mutes_of(u=(categories, sources))
    muting, other = (reader_states(users_table({"user_id": name}), catalogue_of(np.eye(1)), mutes)[0] for name in "uv")
    assert muting.mutes(NEWS).tolist() == expected and muting.has_mutes == bool(categories or sources)
    assert "u" in mutes and "v" not in mutes and not other.has_mutes
    assert other.mutes(NEWS).tolist() == [False] * 4


def test_muting_adds_and_unmuting_takes_away(newsroom):
    mute(newsroom, "fan", ["sports"])
    mutes = mute(newsroom, "fan", ["politics", "sports"], ["Paper 1"])
    assert mutes.of("fan") == (["politics", "sports"], ["Paper 1"])
    assert mute(newsroom, "voter", sources=["Paper 2"]).of("fan") == mutes.of("fan")
    assert unmute(newsroom, "fan", ["sports", "never"]).of("fan") == (["politics"], ["Paper 1"])
    assert "fan" not in unmute(newsroom, "fan") and "nobody" not in unmute(newsroom, "nobody")
    assert read_table(newsroom.mutes, MUTES).to_pylist() == [
        {"user_id": "voter", "categories": [], "sources": ["Paper 2"]}
    ]


def test_to_mute_nothing_writes_nothing(newsroom):
    assert mute(newsroom, "fan").of("fan") == ([], []) and not newsroom.mutes.exists()
    mute(newsroom, "fan", ["sports"])
    before = newsroom.mutes.stat().st_ino
    mute(newsroom, "fan", ["sports"])
    assert newsroom.mutes.stat().st_ino == before


def test_calls_at_once_lose_nothing_also_while_a_build_holds_the_newsroom(newsroom):
    with newsroom.lock(), ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: mute(newsroom, f"u{number % 4}", [f"c{number}"]), range(24)))
    mutes = open_mutes(newsroom.mutes)()
    assert {user: len(mutes.of(user)[0]) for user in ("u0", "u1", "u2", "u3")} == dict.fromkeys(
        ("u0", "u1", "u2", "u3"), 6
    )


def test_what_cannot_be_an_id_or_a_name_is_refused(newsroom, tmp_path):
    for user, names in (("", ["sports"]), ("a\nb", ["sports"]), ("fan", [" "]), ("fan", ["sp\u200borts"])):
        with pytest.raises(InputError, match=r"expected .*\. Nothing was changed\."):
            mute(newsroom, user, names)
    with pytest.raises(NewsroomError, match="no newsroom here"):
        mute(Newsroom(tmp_path / "elsewhere"), "fan", ["sports"])
    assert not newsroom.mutes.exists() and not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("names", ["sports", None, [None], {"sports": 1}], ids=repr)
def test_a_text_is_no_list_of_names_and_nothing_is_muted(newsroom, names):
    for change in (mute, unmute):
        with pytest.raises(InputError, match=r"categories: found .*, expected a list of names"):
            change(newsroom, "fan", names)
    with pytest.raises(InputError, match="sources: found"):
        mute(newsroom, "fan", sources="Paper 1")
    assert not newsroom.mutes.exists()


def test_names_come_from_whatever_yields_them_and_ids_are_read_as_a_request_reads_them(newsroom):
    assert mute(newsroom, " fan ", (name for name in ["sports"])).of("fan") == (["sports"], [])
    assert mute(newsroom, 7, np.array(["arts"])).of("7") == (["arts"], [])
    assert "fan" not in unmute(newsroom, "fan ")


def test_names_of_no_article_are_named(newsroom):
    assert unknown_names(newsroom, ["sports", "sprots"], ["Paper 1", "sports"]) == ["sprots", "sports"]


def test_a_file_that_changes_is_read_again_and_one_that_stays_is_not(newsroom):
    mutes = open_mutes(newsroom.mutes)
    assert "fan" not in mutes()
    mute(newsroom, "fan", ["sports"])
    assert mutes().of("fan") == (["sports"], [])
    mute(newsroom, "fan", ["arts"])  # at once: within one tick of the clock
    assert mutes().of("fan") == (["arts", "sports"], [])
    os.utime(newsroom.mutes, (1, 1))
    assert mutes() is mutes()
    newsroom.mutes.unlink()
    with pytest.raises(ContractError, match=r"mutes\.arrow: missing, though readers' choices were written to it"):
        mutes()


def test_a_damaged_file_stops_a_request_rather_than_showing_what_was_muted(newsroom):
    mute(newsroom, "fan", ["sports"])
    newsroom.mutes.write_bytes(newsroom.mutes.read_bytes()[:100])
    with pytest.raises(
        ContractError, match=r"mutes\.arrow: not a whole Arrow IPC file .*\. Restore this file"
    ) as caught:
        open_mutes(newsroom.mutes)()
    assert "Build" not in str(caught.value)


names = st.sampled_from(["", "a", "b", "c"])
muted = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=3)


@settings(deadline=None)
@given(st.lists(st.tuples(names, names), min_size=1, max_size=8), muted, muted)
def test_no_ranking_holds_what_its_reader_muted_and_none_loses_anything_else(articles, categories, sources):
    columns = {"category": [category for category, _ in articles], "source": [source for _, source in articles]}
    catalogue = catalogue_of([[1, number] for number in range(len(articles))], **columns)
    reranker = Reranker(
        catalogue, None, depth=3, reads=3, history=5, headlines=1, policy=Policy(story=1), weights=WEIGHTS
    )
    offered = [
        {"user_id": user, "news_id": f"N{row}", "rank": row + 1, "score": 0.0, "fused": 0.0, "two_tower": -float(row)}
        for user in ("u", "v")
        for row in range(len(articles))
    ]
    users = users_table({"user_id": "u"}, {"user_id": "v"})
    readers = reader_states(users, catalogue, mutes_of(u=(categories, sources)))
    ranked = lists_by_user(reranker(readers, from_rows(offered, CANDIDATES)))
    wanted = [f"N{row}" for row, (c, s) in enumerate(articles) if c not in categories and s not in sources]
    assert {row["news_id"] for row in ranked.get("u", [])} == set(wanted[:3])
    assert {row["news_id"] for row in ranked["v"]} == {f"N{row}" for row in range(min(3, len(articles)))}

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from broadsheet.corpus.impressions import read_split
from broadsheet.errors import CorpusError
from broadsheet.evaluation.pages.reasons import (
    ANOTHER,
    CHANGE,
    DROP,
    MOST,
    NAMED,
    NOTES,
    PLACES,
    SECOND,
    WEIGHTS,
    Deletions,
    articles_read,
    by_reader,
    delete_each,
    draw_readers,
    scorings,
)
from broadsheet.evaluation.ranking.fusion import FUSION, requests_of
from broadsheet.newsroom import Newsroom
from broadsheet.offline.replay import states
from broadsheet.offline.workbenches import open_bench
from broadsheet.rerank.learned_fusion import FusionRecipe, Lists, fit_fusion, save_fusion
from broadsheet.rerank.signals import SIGNALS
from broadsheet.retrieval import interest_vectors
from tests.support.evaluated import make_room, row
from tests.support.scripts import PNG, run_script
from tests.support.stage_contract import unit
from tests.support.tiny import make_impressions

TOWER_ALONE = "[rerank.weights]\n" + "\n".join(f"{name} = {int(name == 'two_tower')}" for name in SIGNALS) + "\n"


def open_room(path, encoder, **options):
    bench = open_bench(make_room(path, encoder, **options))
    split = read_split(bench.data.newsroom, bench.data.catalogue, "valid")
    ((view, impressions),) = requests_of(bench, split, lent=False)
    return view, impressions


@pytest.fixture(scope="module")
def by_tower(tmp_path_factory, encoder):
    """A newsroom whose score is the inner product of the untrained towers alone."""
    return open_room(tmp_path_factory.mktemp("tower") / "room", encoder, adapter=False, extra=TOWER_ALONE)


def mean_of(bench, news_ids):
    return unit(bench.data.catalogue.vectors_of(bench.data.catalogue.rows(news_ids)).mean(axis=0))


def test_a_drop_is_the_score_with_the_article_less_the_score_without(by_tower):
    bench, impressions = by_tower
    found = delete_each(bench, impressions[:6])
    assert {one.reader for one in found} <= set(range(6)) and len(found) >= 6
    for one in found:
        read = impressions[one.reader].history
        item = bench.data.catalogue.vectors_of(bench.data.catalogue.rows([one.news_id]))[0]
        assert list(one.drops) == read
        for gone, drop in one.drops.items():
            rest = [other for other in read if other != gone]
            expected = item @ mean_of(bench, read) - item @ mean_of(bench, rest)
            assert drop == pytest.approx(expected, abs=1e-5)


def test_the_named_and_the_second_are_the_nearest_two_of_the_history(by_tower):
    bench, impressions = by_tower
    for one in delete_each(bench, impressions[:6]):
        read = impressions[one.reader].history
        vectors = bench.data.catalogue.vectors_of(bench.data.catalogue.rows([one.news_id, *read]))
        order = np.argsort(-(vectors[1:] @ vectors[0]))
        assert [one.named, one.second] == [read[place] for place in order[:2]]


def test_the_items_are_those_of_the_first_places_of_the_pipelines_own_list(by_tower):
    bench, impressions = by_tower
    long = replace(impressions[0], shown=[f"N{number}" for number in range(10, 40)], clicked=[True] + [False] * 29)
    (spread,) = {one.spread for one in delete_each(bench, [long])}
    scores = bench.data.catalogue.vectors_of(bench.data.catalogue.rows(long.shown)) @ mean_of(bench, long.history)
    ranked = bench.make_reranker(30)(*_offered(bench, long)).to_pylist()
    named = [row["news_id"] for row in ranked[:PLACES] if row["because_news_id"]]
    assert [one.news_id for one in delete_each(bench, [long])] == named and named
    assert spread == pytest.approx(scores.std(), abs=1e-5)


def _offered(bench, impression):
    readers = bench.readers(states([impression]))
    (interests,) = interest_vectors(bench.retriever.vectors(readers))
    return readers, bench.retriever.describe(readers[0], interests, impression.shown, impression.time)


def test_the_rows_are_the_means_over_a_readers_items():
    items = [
        Deletions(4, "x", "a", "b", {"a": 0.5, "b": -0.25, "c": 0.0}, 1.0),
        Deletions(4, "y", "c", "a", {"a": 0.25, "b": -0.5, "c": -0.125}, 1.0),
        Deletions(7, "x", "a", "b", {"a": 0.5, "b": 1.0}, 1.0),
    ]
    readers, rows = by_reader(items)
    assert readers == [4, 7] and list(rows) == list(NOTES) == [MOST, ANOTHER, SECOND, NAMED]
    # The first reader: two items; of the others -0.125 and -0.125 on average, 0.125 and 0.375 in size.
    assert rows[NAMED][DROP].tolist() == [0.1875, 0.5] and rows[NAMED][CHANGE].tolist() == [0.3125, 0.5]
    assert rows[ANOTHER][DROP].tolist() == [-0.125, 1.0] and rows[ANOTHER][CHANGE].tolist() == [0.25, 1.0]
    assert rows[SECOND][DROP].tolist() == [0.0, 1.0] and rows[SECOND][CHANGE].tolist() == [0.25, 1.0]
    assert rows[MOST][DROP].tolist() == [0.375, 1.0] and rows[MOST][CHANGE].tolist() == [0.5, 1.0]


def test_readers_are_drawn_once_each_and_have_two_articles_to_read(tmp_path, encoder):
    shown = (["N9", "N10"], [True, False])
    rows = [
        row(0, *shown, history=["N0"]),
        row(1, *shown, history=["N0", "N0", "GONE"]) | {"user_id": "again"},
        *(one | {"user_id": f"U{number % 5}"} for number, one in enumerate(make_impressions(20))),
    ]
    bench, impressions = open_room(tmp_path / "room", encoder, impressions=rows, adapter=False)
    assert articles_read(bench, impressions[1]) == ["N0"]
    drawn = draw_readers(bench, impressions, 3)
    assert len({one.user_id for one in drawn}) == 3 and drawn == draw_readers(bench, impressions, 3)
    everyone = draw_readers(bench, impressions, 100)
    assert [one.user_id for one in everyone] == [f"U{number}" for number in range(5)]
    assert all(one.number == min(i.number for i in impressions if i.user_id == one.user_id) for one in everyone)
    with pytest.raises(CorpusError, match="no reader has two history articles with text"):
        draw_readers(bench, impressions[:2], 3)


def test_where_no_reason_names_an_article_it_is_one_clear_error(tmp_path, encoder):
    blind = TOWER_ALONE.replace("two_tower = 1", "two_tower = 0")
    bench, impressions = open_room(tmp_path / "room", encoder, adapter=False, extra=blind)
    with pytest.raises(CorpusError, match=r"first 5 places of 2 readers names an article .* relevance or two_tower"):
        delete_each(bench, impressions[:2])


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    """A newsroom with a cross-encoder and a learned fusion."""
    room = make_room(tmp_path_factory.mktemp("reasons") / "room", encoder)
    draw = np.random.default_rng(0)
    signals = {name: draw.random(800) for name in SIGNALS}
    clicked = (signals["two_tower"] + signals["relevance"]).reshape(200, 4)
    clicked = (clicked == clicked.max(axis=1, keepdims=True)).ravel()
    names = ("relevance", "two_tower")
    save_fusion(fit_fusion(Lists(signals, clicked, np.full(200, 4)), names, FusionRecipe()), room.fusion, {})
    return room


def test_it_is_scored_by_the_weights_and_by_the_learned_fusion(room, tmp_path):
    bench = open_bench(room)
    split = read_split(bench.data.newsroom, bench.data.catalogue, "valid")
    ((view, impressions),) = requests_of(bench, split, lent=False)
    views = scorings(view)
    assert views == [WEIGHTS, FUSION]
    by_weights, learned = (delete_each(view, impressions[:4], scoring) for scoring in views)
    assert [one.drops for one in by_weights] != [one.drops for one in learned]
    without = Newsroom(shutil.copytree(room.path, tmp_path / "without", symlinks=True))
    shutil.rmtree(without.fusion)
    view = open_bench(without)
    assert scorings(view) == [WEIGHTS]
    alone = delete_each(view, impressions[:4])
    assert [one.drops for one in alone] == [pytest.approx(one.drops, abs=1e-9) for one in by_weights]


def test_the_script_writes_json_markdown_and_a_plot(room, tmp_path, capsys):
    run_script("benchmark_reasons", room.path, "valid", readers=12, out=tmp_path / "out")
    document = json.loads((tmp_path / "out" / "reasons-valid.json").read_text())
    assert document["data"]["users"] == 12 and document["models"]["fusion"] and document["setting"] == "content-only"
    for found in document["scorings"].values():
        assert list(found["slices"]) == ["all", "2 to 4 read"]  # all readers of the tiny newsroom read three articles
        everyone = found["slices"]["all"]
        assert everyone["rows"][MOST][DROP]["mean"] >= everyone["rows"][NAMED][DROP]["mean"]
        assert 0 <= everyone["share of readers"][DROP]["mean"] <= 1
    first = document["differences"][0]
    assert (first["scoring"], first["slice"], first["of"], first["minus"]) == (WEIGHTS, "all", NAMED, ANOTHER)
    rows = document["scorings"][WEIGHTS]["slices"]["all"]["rows"]
    assert first["mean"] == pytest.approx(rows[NAMED][DROP]["mean"] - rows[ANOTHER][DROP]["mean"])
    markdown = (tmp_path / "out" / "reasons-valid.md").read_text()
    assert markdown.strip() == capsys.readouterr().out.strip()
    assert f"| weights | all | {NAMED} - {ANOTHER} | drop |" in markdown
    assert (tmp_path / "out" / "reasons-valid.png").read_bytes().startswith(PNG)

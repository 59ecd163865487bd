from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.corpus.impressions import read_split
from broadsheet.errors import CorpusError, InputError
from broadsheet.evaluation.ranking.rows import join, measure_ranking
from broadsheet.evaluation.ranking.scores import (
    CROSS_ENCODER,
    PIPELINE,
    WITHOUT,
    pipeline_scores,
    tower_scores,
    word_scores,
)
from broadsheet.evaluation.retrieval.lists import Bm25
from broadsheet.importers.transaction import Import
from broadsheet.models import loading as models
from broadsheet.nightly.build import build
from broadsheet.offline.replay import BM25, POPULARITY, RANDOM, UNTRAINED, ClicksBefore, blocks, mean_of, states
from broadsheet.offline.workbenches import open_bench, open_trained, read_folders
from broadsheet.retrieval import interest_vectors
from tests.support.evaluated import CLICKS, SHOWN_AT, click, make_room, make_towers, row
from tests.support.impressions import impression_of
from tests.support.stage_contract import catalogue_of
from tests.support.tiny import START, make_newsroom


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    return make_room(tmp_path_factory.mktemp("evaluated") / "newsroom", encoder)


@pytest.fixture(scope="module")
def bench(room):
    return open_bench(room)


@pytest.fixture(scope="module")
def impressions(bench):
    return read_split(bench.data.newsroom, bench.data.catalogue, "valid").impressions


def test_the_benchmarks_score_of_an_impression_is_the_rerankers_own(bench, impressions):
    impressions = impressions[:8]
    scores = pipeline_scores(bench, impressions)
    ends = np.cumsum([len(impression.shown) for impression in impressions])[:-1]
    tolerance = 1e-6 if str(models.pick_dtype(models.pick_device())) == "torch.float32" else 1e-2
    for impression, found in zip(impressions, np.split(scores[PIPELINE], ends), strict=True):
        (reader,) = readers = bench.readers(states([impression]))
        (vectors,) = interest_vectors(bench.retriever.vectors(readers))
        candidates = bench.retriever.describe(reader, vectors, impression.shown, impression.time)
        (expected,) = bench.reranker.scores([reader], [candidates])
        np.testing.assert_allclose(found, expected, atol=tolerance)
    assert scores[CROSS_ENCODER].std() > 0.01


def test_the_towers_row_ranks_by_the_retrievers_own_ann_score(bench, impressions):
    found = np.split(tower_scores(bench, impressions), np.cumsum([len(one.shown) for one in impressions])[:-1])
    for impression, scores in zip(impressions, found, strict=True):
        (reader,) = readers = bench.readers(states([impression]))
        (vectors,) = interest_vectors(bench.retriever.vectors(readers))
        candidates = bench.retriever.describe(reader, vectors, impression.shown, impression.time)
        np.testing.assert_allclose(scores, candidates.column("two_tower").to_numpy(), atol=1e-6)


def test_the_words_row_ranks_by_the_bm25_of_the_newest_titles(bench, impressions):
    words, start = Bm25(bench.data), 0
    found = word_scores(Bm25(bench.data), impressions)
    for impression in impressions[:5]:
        of_all = words([impression])[0]
        rows = bench.data.catalogue.rows(impression.shown)
        assert found[start : start + len(rows)].tolist() == of_all[rows].tolist()
        start += len(rows)
    assert len(found) == sum(len(one.shown) for one in impressions)
    nothing = [impression_of(bench.data.catalogue, "u", SHOWN_AT, shown=["N0", "N1"], clicked=[True, False])]
    assert np.isneginf(word_scores(Bm25(bench.data), nothing)).all()  # so that all tie


def test_the_scores_of_several_halvings_stand_end_to_end(bench, impressions):
    parts = [measure_ranking(bench, bench, [], part) for part in (impressions[:9], impressions[9:20])]
    found = join(parts)
    assert found.offsets[-1] == len(found.clicked) == len(found.scores[RANDOM][2])
    for name in (UNTRAINED, PIPELINE, BM25):
        each = np.concatenate([part.rows[name]["ndcg@10"] for part in parts])
        np.testing.assert_array_equal(found.rows[name]["ndcg@10"], each)


def test_readers_of_one_topic_are_found_by_the_towers_and_not_by_chance(bench, impressions):
    rows = measure_ranking(bench, bench, [("trained", bench)], impressions).rows
    assert list(rows) == [RANDOM, POPULARITY, BM25, UNTRAINED, CROSS_ENCODER, WITHOUT, PIPELINE]
    assert rows[UNTRAINED]["auc"].mean() > 0.9 > 0.7 > rows[RANDOM]["auc"].mean()
    of_mind = ["auc", "mrr", "ndcg@5", "ndcg@10"]  # EB-NeRD's own stand beside MIND's, for every row
    assert all(list(row) == [*of_mind, "reciprocal_rank", "hit_ratio@5", "hit_ratio@10"] for row in rows.values())


def test_trained_towers_of_one_label_are_one_row_of_their_mean(room, bench, impressions, tmp_path, encoder):
    folders = [make_towers(tmp_path / f"seed-{seed}", encoder, seed) for seed in (0, 1)]
    towers = read_folders("--towers", [f"frozen={folder}" for folder in folders])
    found = measure_ranking(bench, bench, open_trained(room, towers), impressions)
    alone = [measure_ranking(bench, bench, open_trained(room, [one]), impressions) for one in towers]
    assert list(found.rows)[3:6] == [UNTRAINED, "frozen towers", CROSS_ENCODER]
    each = [one.rows["frozen towers"]["auc"] for one in alone]
    np.testing.assert_allclose(found.rows["frozen towers"]["auc"], np.mean(each, axis=0))
    assert [run["auc"] for run in found.runs["frozen towers"]] == pytest.approx([values.mean() for values in each])
    assert not np.allclose(*each) and not alone[0].runs
    assert [one["folder"] for one in found.towers] == ["seed-0", "seed-1"]
    assert found.towers[0]["fingerprint"] != found.towers[1]["fingerprint"]
    assert found.comparisons[0] == ("frozen towers", UNTRAINED) and (PIPELINE, WITHOUT) in found.comparisons


def test_clicks_are_counted_strictly_before_the_moment_and_hides_are_not(bench):
    clicks_before = ClicksBefore(bench.data.clicks, len(bench.data.catalogue))
    rows = bench.data.catalogue.rows(["N3", "N4", "N5"])
    assert clicks_before(START + timedelta(hours=35))[rows].tolist() == [1, 0, 0]
    assert clicks_before(SHOWN_AT)[rows].tolist() == [2, 1, 0]
    assert clicks_before(START).sum() == 0


def test_a_planted_future_click_changes_nothing_and_an_earlier_one_does(tmp_path, encoder, impressions):
    def measured(name, hours):
        planted = [click("x", f"N{number}", hours) for number in range(0, 30, 2)] if hours else []
        bench = open_bench(make_room(tmp_path / name, encoder, clicks=[*CLICKS, *planted], adapter=False))
        rows = measure_ranking(bench, bench, [], impressions).rows
        return {**rows[POPULARITY], PIPELINE: pipeline_scores(bench, impressions)[PIPELINE]}

    before, later, earlier = measured("before", None), measured("later", 41), measured("earlier", 39)
    assert all(np.array_equal(before[name], later[name], equal_nan=True) for name in before)
    assert not any(np.array_equal(before[name], earlier[name]) for name in ("auc", PIPELINE))


def test_coverage_counts_what_has_text(tmp_path, encoder):
    rows = [
        row(0, ["N0", "GONE", "N1"], [True, False, False]),
        row(1, ["N2", "GONE"], [True, False]),  # keeps a click alone: not rankable
        row(2, ["GONE", "N3"], [True, False]),  # its click has no text
        row(3, ["N4", "N5"], []),  # unlabelled
        row(4, ["N6", "N7"], [True, False], history=["N6"]),  # read before: nothing to retrieve
    ]
    bench = open_bench(make_room(tmp_path / "room", encoder, impressions=rows, adapter=False))
    split = read_split(bench.data.newsroom, bench.data.catalogue, "valid")
    counts = dict(impressions=5, unlabelled=1, shown=9, shown_with_text=6, clicks=4, clicks_with_text=3)
    assert split.coverage == {**counts, "rankable": 2, "with_relevant": 2}
    assert [one.shown for one in split.impressions] == [["N0", "N1"], ["N2"], ["N3"], ["N6", "N7"]]
    assert [one.relevant for one in split.impressions] == [["N0"], ["N2"], [], []]


def test_the_current_edition_is_used_until_an_article_comes_in(tmp_path, encoder):
    newsroom = make_newsroom(tmp_path / "newsroom", encoder)
    edition = build(newsroom, ["fan"])
    assert open_bench(newsroom).data.edition == edition
    with Import(newsroom) as add:
        add.news([{"news_id": "late", "title": "A new rocket"}])
    bench = open_bench(newsroom)
    assert bench.data.edition == newsroom.building and "late" in bench.data.catalogue.row_of
    assert newsroom.current() == edition


def test_other_towers_are_measured_beside_the_edition_and_their_vectors_are_used_again(tmp_path, encoder):
    newsroom = make_room(tmp_path / "room", encoder, adapter=False)
    lines = []
    bench = open_bench(newsroom, lines.append, towers="untrained")
    assert bench.data.edition.path.name.startswith("measured-") and "60 articles encoded" in lines[0]
    again = open_bench(newsroom, lines.append, towers=str(make_towers(tmp_path / "towers", encoder)))
    assert again.data.edition.path == bench.data.edition.path and "60 taken over" in lines[1]
    assert not newsroom.editions() and not newsroom.building.path.exists()
    own = open_bench(newsroom)
    assert own.data.edition == newsroom.building


def test_vectors_measured_before_an_article_came_in_are_made_anew(tmp_path, encoder):
    newsroom = make_room(tmp_path / "room", encoder, adapter=False)
    open_bench(newsroom, towers="untrained")
    with Import(newsroom) as add:
        add.news([{"news_id": "late", "title": "A new rocket"}])
    assert "late" in open_bench(newsroom, towers="untrained").data.catalogue.row_of


def test_towers_are_named_by_a_label_and_a_folder(tmp_path):
    assert read_folders("--towers", [f"frozen={tmp_path}"]) == [("frozen", tmp_path)]
    with pytest.raises(InputError, match=r"--towers frozen, =x, lora=gone: expected LABEL=FOLDER"):
        read_folders("--towers", ["frozen", "=x", "lora=gone", f"good={tmp_path}"])


def test_the_mean_of_runs_leaves_out_what_a_run_did_not_measure():
    runs = [{"auc": np.array([0.5, np.nan, np.nan])}, {"auc": np.array([1.0, 0.25, np.nan])}]
    np.testing.assert_array_equal(mean_of(runs)["auc"], [0.75, 0.25, np.nan])


def test_a_split_that_was_not_imported_is_named(bench):
    with pytest.raises(CorpusError, match=r"impressions-other.arrow: no such split. Import it"):
        read_split(bench.data.newsroom, bench.data.catalogue, "other")


def test_chance_gives_the_same_each_time(bench, impressions):
    first, again = (measure_ranking(bench, bench, [], impressions).scores[RANDOM] for _ in range(2))
    assert len(first) == 3 and np.array_equal(first, again) and not np.array_equal(*first[:2])


@given(st.lists(st.integers(0, 3), max_size=300), st.booleans())
def test_blocks_keep_order_and_moment(hours, one_time):
    rows = [
        impression_of(catalogue_of([[1.0]]), "u", START + timedelta(hours=h), number=n) for n, h in enumerate(hours)
    ]
    found = list(blocks(rows, "Going", one_time=one_time))
    assert [impression for block in found for impression in block] == rows
    assert all(0 < len(block) <= 128 for block in found)
    assert not one_time or all(len({impression.time for impression in block}) == 1 for block in found)

import importlib.util
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet import models
from broadsheet.build import build
from broadsheet.corpus.store import Import
from broadsheet.errors import CorpusError, InputError
from broadsheet.evaluation import (
    POPULARITY,
    RANDOM,
    TOWERS,
    ClicksBefore,
    Impression,
    blocks,
    mean_over_seeds,
    open_bench,
    read_split,
    states,
)
from broadsheet.evaluation_ranking import CROSS_ENCODER, PIPELINE, WITHOUT, pipeline_scores, ranking_rows
from broadsheet.evaluation_report import check_output
from broadsheet.evaluation_retrieval import RETRIEVER, index_recall, retrieval_rows
from broadsheet.tables import vectors_to_numpy
from tests.tiny import START, make_impressions, make_newsroom

SCRIPTS = Path(__file__).parents[1] / "scripts"
SHOWN_AT = START + timedelta(hours=40)


def make_adapter(folder, encoder):
    """A cross-encoder's folder as training writes it, with weights that nobody trained."""
    import torch

    from broadsheet.rerank.training import Recipe, new_cross_encoder, save_cross_encoder

    model = new_cross_encoder(str(encoder), Recipe())
    with torch.no_grad():
        model.linear.weight.normal_(0, 0.3)
    save_cross_encoder(model, folder, base=str(encoder), recipe=Recipe(), card={})


def click(user, news, hours, event="click"):
    return {"user_id": user, "news_id": news, "time": START + timedelta(hours=hours), "event": event}


CLICKS = [click("a", "N3", 30), click("b", "N3", 35), click("c", "N4", 39), click("d", "N5", 39, "hide")]


def make_room(path, encoder, *, clicks=CLICKS, impressions=None, extra="", adapter=True):
    newsroom = make_newsroom(path, encoder, extra=extra)
    with Import(newsroom) as add:
        add.clicks(clicks)
        add.impressions("valid", impressions or make_impressions(30))
    if adapter:
        make_adapter(newsroom.reranker, encoder)
    return newsroom


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    return make_room(tmp_path_factory.mktemp("evaluated") / "newsroom", encoder)


@pytest.fixture(scope="module")
def bench(room):
    return open_bench(room)


@pytest.fixture(scope="module")
def impressions(bench):
    return read_split(bench, "valid").impressions


def row(number, shown, clicked, history=()):
    return {
        "impression_id": str(number),
        "user_id": "fan",
        "time": SHOWN_AT,
        "history": list(history),
        "shown": shown,
        "clicked": clicked,
        "propensity": None,
    }


def test_the_benchmarks_score_of_an_impression_is_the_rerankers_own(bench, impressions):
    impressions = impressions[:8]
    scores = pipeline_scores(bench, impressions)
    ends = np.cumsum([len(impression.shown) for impression in impressions])[:-1]
    tolerance = 1e-6 if str(models.pick_dtype(models.pick_device())) == "torch.float32" else 1e-2
    for impression, found in zip(impressions, np.split(scores[PIPELINE], ends), strict=True):
        (vector,) = vectors_to_numpy(bench.retriever.vectors(states([impression])))
        candidates = bench.retriever.describe("anyone", vector, impression.shown, impression.time)
        expected = bench.reranker.scores(impression.user, candidates)
        np.testing.assert_allclose(found, expected, atol=tolerance)
    assert scores[CROSS_ENCODER].std() > 0.01 and scores[TOWERS].std() > 0.01


def test_readers_of_one_topic_are_found_by_the_towers_and_not_by_chance(bench, impressions):
    rows = ranking_rows(bench, impressions)
    assert list(rows) == [RANDOM, POPULARITY, TOWERS, CROSS_ENCODER, WITHOUT, PIPELINE]
    assert rows[TOWERS]["auc"].mean() > 0.9 > 0.7 > rows[RANDOM]["auc"].mean()


def test_clicks_are_counted_strictly_before_the_moment_and_hides_are_not(bench):
    clicks_before = ClicksBefore(bench)
    rows = bench.catalogue.rows(["N3", "N4", "N5"])
    assert clicks_before(START + timedelta(hours=35))[rows].tolist() == [1, 0, 0]
    assert clicks_before(SHOWN_AT)[rows].tolist() == [2, 1, 0]
    assert clicks_before(START).sum() == 0


def test_a_planted_future_click_changes_nothing_and_an_earlier_one_does(tmp_path, encoder, impressions):
    def measured(name, hours):
        planted = [click("x", f"N{number}", hours) for number in range(0, 30, 2)] if hours else []
        bench = open_bench(make_room(tmp_path / name, encoder, clicks=[*CLICKS, *planted], adapter=False))
        popular = [rows(bench, impressions)[POPULARITY] for rows in (ranking_rows, retrieval_rows)]
        return {**popular[0], **popular[1], PIPELINE: pipeline_scores(bench, impressions)[PIPELINE]}

    before, later, earlier = measured("before", None), measured("later", 41), measured("earlier", 39)
    assert all(np.array_equal(before[name], later[name], equal_nan=True) for name in before)
    assert not any(np.array_equal(before[name], earlier[name]) for name in ("auc", "recall@10", PIPELINE))


def test_coverage_counts_what_has_text(tmp_path, encoder):
    rows = [
        row(0, ["N0", "GONE", "N1"], [True, False, False]),
        row(1, ["N2", "GONE"], [True, False]),  # keeps a click alone: not rankable
        row(2, ["GONE", "N3"], [True, False]),  # its click has no text
        row(3, ["N4", "N5"], []),  # unlabelled
        row(4, ["N6", "N7"], [True, False], history=["N6"]),  # read before: nothing to retrieve
    ]
    split = read_split(open_bench(make_room(tmp_path / "room", encoder, impressions=rows, adapter=False)), "valid")
    counts = dict(impressions=5, unlabelled=1, shown=9, shown_with_text=6, clicks=4, clicks_with_text=3)
    assert split.coverage == {**counts, "rankable": 2, "with_relevant": 2}
    assert [one.shown for one in split.impressions] == [["N0", "N1"], ["N2"], ["N3"], ["N6", "N7"]]
    assert [one.relevant for one in split.impressions] == [["N0"], ["N2"], [], []]


def test_the_towers_row_is_the_exact_order_of_the_whole_catalogue_without_what_was_read(bench, impressions):
    found = retrieval_rows(bench, impressions)[TOWERS]["recall@10"]
    vectors, catalogue = vectors_to_numpy(bench.retriever.vectors(states(impressions))), bench.catalogue
    for impression, vector, value in zip(impressions, vectors, found, strict=True):
        best = [str(news_id) for news_id in catalogue.ids(np.argsort(-(catalogue.vectors @ vector), kind="stable"))]
        unread = [news_id for news_id in best if news_id not in impression.history]
        assert value == len({*unread[:10]} & {*impression.relevant}) / len(impression.relevant)


def test_all_rows_find_everything_that_was_there_in_a_catalogue_smaller_than_k(bench, impressions):
    rows = retrieval_rows(bench, impressions)
    assert list(rows) == [RANDOM, POPULARITY, TOWERS, RETRIEVER]
    assert all(values["recall@100"].tolist() == [1.0] * len(impressions) for values in rows.values())


def test_a_reader_without_a_history_gets_nothing_from_the_towers_and_news_from_the_retriever(bench):
    newcomer = Impression(0, "new", SHOWN_AT, [], ["N3", "N20"], [True, False])
    rows = retrieval_rows(bench, [newcomer])
    assert rows[TOWERS]["recall@100"] == [0.0] and rows[RETRIEVER]["recall@50"] == [1.0]


def test_an_exact_index_has_no_recall_of_its_own_and_an_approximate_one_has(bench, impressions, tmp_path, encoder):
    assert index_recall(bench, impressions) is None
    room = make_room(tmp_path / "room", encoder, extra="[index]\nexact_up_to = 0\n", adapter=False)
    assert index_recall(open_bench(room), impressions) == {"recall@10": 1.0, "recall@50": 1.0, "recall@100": 1.0}


def test_the_current_edition_is_used_until_an_article_comes_in(tmp_path, encoder):
    newsroom = make_newsroom(tmp_path / "newsroom", encoder)
    edition = build(newsroom, ["fan"])
    assert open_bench(newsroom).edition == edition
    with Import(newsroom) as add:
        add.news([{"news_id": "late", "title": "A new rocket"}])
    bench = open_bench(newsroom)
    assert bench.edition == newsroom.building and "late" in bench.catalogue.row_of
    assert newsroom.current() == edition


def test_a_split_that_was_not_imported_is_named(bench):
    with pytest.raises(CorpusError, match=r"impressions-other.arrow: no such split. Import it"):
        read_split(bench, "other")


def test_chance_gives_the_same_each_time():
    def draw(rng):
        return {"auc": rng.random(5)}

    assert np.array_equal(mean_over_seeds(draw)["auc"], mean_over_seeds(draw)["auc"])
    assert not np.array_equal(mean_over_seeds(draw)["auc"], draw(np.random.default_rng(0))["auc"])


@given(st.lists(st.integers(0, 3), max_size=300), st.booleans())
def test_blocks_keep_order_and_moment(hours, one_time):
    rows = [Impression(n, "u", START + timedelta(hours=h), [], [], []) for n, h in enumerate(hours)]
    found = list(blocks(rows, "Going", one_time=one_time))
    assert [impression for block in found for impression in block] == rows
    assert all(0 < len(block) <= 128 for block in found)
    assert not one_time or all(len({impression.time for impression in block}) == 1 for block in found)


def load_script(name):
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_ranking_script_writes_json_markdown_and_a_plot(room, tmp_path, capsys):
    load_script("benchmark_ranking").benchmark(room.path, "valid", tmp_path / "out")
    document = json.loads((tmp_path / "out" / "ranking-valid.json").read_text())
    assert list(document["rows"]) == [RANDOM, POPULARITY, TOWERS, CROSS_ENCODER, WITHOUT, PIPELINE]
    for metrics in document["rows"].values():
        assert all(value["low"] <= value["mean"] <= value["high"] for value in metrics.values())
    ours, other = (document["rows"][name]["auc"]["mean"] for name in (PIPELINE, TOWERS))
    difference = document["difference"]["metrics"]["auc"]
    assert difference["mean"] == pytest.approx(ours - other) and difference["low"] <= difference["high"]
    assert document["data"]["split"] == "valid" and document["data"]["impressions_measured"] == 30
    assert document["seeds"] == [0, 1, 2] and document["models"]["cross_encoder"] and document["versions"]["torch"]
    markdown = (tmp_path / "out" / "ranking-valid.md").read_text()
    assert f"| {PIPELINE} - {TOWERS} | " in markdown and markdown.strip() == capsys.readouterr().out.strip()
    assert (tmp_path / "out" / "ranking-valid.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_the_retrieval_script_says_which_recall_it_is(room, capsys):
    load_script("benchmark_retrieval").benchmark(room.path, "valid", None)
    printed = capsys.readouterr().out
    assert "recall is |hits| / |relevant|" in printed and "| recall@10 | recall@50 | recall@100 |" in printed


def test_without_a_trained_cross_encoder_its_row_is_left_out_and_said_to_be(tmp_path, encoder, capsys):
    room = make_room(tmp_path / "room", encoder, adapter=False)
    load_script("benchmark_ranking").benchmark(room.path, "valid", None)
    printed = capsys.readouterr().out
    assert "none was trained" in printed and f"| {CROSS_ENCODER} |" not in printed and f"| {PIPELINE} |" in printed


def test_a_folder_that_cannot_be_made_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"--out .*out: cannot be made"):
        check_output(tmp_path / "file" / "out")

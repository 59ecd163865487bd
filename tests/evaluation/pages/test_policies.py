import json

import numpy as np
import pytest

from broadsheet.corpus.impressions import read_split
from broadsheet.evaluation.pages.policies import (
    ALONE,
    DEFAULT,
    WEIGHTS,
    Shown,
    compared,
    measure_policy,
    read_shown,
    with_one_story_twice,
)
from broadsheet.evaluation.ranking.scores import PIPELINE, pipeline_scores
from broadsheet.metrics.ranking import Impressions, ndcg
from broadsheet.offline.workbenches import open_bench
from broadsheet.rerank import Items, Policy
from tests.support.evaluated import make_room
from tests.support.scripts import PNG, run_script
from tests.support.stage_contract import unit


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    return make_room(tmp_path_factory.mktemp("policies") / "newsroom", encoder)


@pytest.fixture(scope="module")
def scored(room):
    bench = open_bench(room)
    impressions = read_split(bench.data.newsroom, bench.data.catalogue, "valid").impressions
    scores = pipeline_scores(bench, impressions)[PIPELINE]
    history = bench.models.config.retrieval.history
    return bench, impressions, read_shown(bench.data.catalogue, impressions, scores, history)


def test_with_the_policy_off_the_order_is_that_of_the_pipelines_scores(scored):
    bench, impressions, shown = scored
    scores = pipeline_scores(bench, impressions)[PIPELINE]
    expected = ndcg(Impressions(scores, shown.clicked, shown.offsets), 10)
    assert measure_policy(shown, Policy())["ndcg@10"].tolist() == pytest.approx(expected.tolist())


def items_of(scores, vectors, categories, published_at):
    """One list of items of unknown source."""
    there, unknown = np.ones((1, len(scores)), np.bool_), np.full((1, len(scores)), -1)
    likeness = (vectors @ vectors.T)[None]
    return Items(scores[None], there, likeness, categories[None], unknown, published_at[None])


def test_a_policy_moves_what_it_is_there_for():
    # Five sports articles that are alike, two of them clicked, above three of the science that the reader reads.
    vectors, read, codes = unit([[1, 0]] * 5 + [[0, 1]] * 3), np.array([[0]]), np.array([1] * 5 + [0] * 3)
    clicked = np.array([1, 1, 0, 0, 0, 0, 0, 0], bool)
    rows, offsets = np.arange(8), np.array([0, 8])
    items = items_of(-np.arange(8.0), vectors, codes, np.full(8, np.nan))
    shown = Shown([items], [rows], [read], read, clicked, offsets, vectors, codes)

    def measured(**policy):
        return {name: values[0] for name, values in measure_policy(shown, Policy(**policy)).items()}

    alone = measured()
    assert alone["ndcg@5"] == 1 and alone["distance@5"] == pytest.approx(0) and alone["categories@5"] == 1
    assert alone["miscalibration@5"] == pytest.approx(np.log(100)) and alone["categories@10"] == 2
    # Two of sports, then two of science, then what exceeds the cap: another of sports, or of science.
    capped = measured(category=2)
    assert capped["ndcg@5"] == 1 and capped["categories@5"] == 2
    assert capped["distance@5"] == pytest.approx(6 / 10)  # 2 sports and 3 science: 6 of 10 pairs are apart
    # Science alone as long as there is any.
    calibrated = measured(calibration=1.0)
    assert calibrated["miscalibration@5"] == pytest.approx(-np.log(0.99 * 0.6 + 0.01))
    discounts = 1 / np.log2([2, 3, 5, 6])
    assert calibrated["ndcg@5"] == pytest.approx(discounts[2:].sum() / discounts[:2].sum())


def test_impressions_that_show_a_story_twice_are_counted():
    def shown_of(*vectors, days):
        items = items_of(np.zeros(len(days)), unit(vectors), np.full(len(days), -1), np.array(days) * 86400.0)
        nothing = np.zeros(0, int)
        return Shown([items] * 2, [], [], nothing, nothing, nothing, unit(vectors), nothing)

    policy = Policy(story_similarity=0.9, story_days=1.0)
    assert with_one_story_twice(shown_of([1, 0], [0, 1], [1, 0.1], days=[0, 0, 1]), policy) == 2
    assert with_one_story_twice(shown_of([1, 0], [0, 1], [1, 0.1], days=[0, 0, 2]), policy) == 0
    assert with_one_story_twice(shown_of([1, 0], [0, 1], days=[0, 0]), policy) == 0


def test_the_script_writes_json_markdown_and_a_plot(room, tmp_path, capsys):
    run_script("benchmark_diversity", room.path, "valid", out=tmp_path / "out")
    document = json.loads((tmp_path / "out" / "diversity-valid.json").read_text())
    assert list(document["rows"]) == list(compared(open_bench(room).policy))
    for curves in document["curves"].values():
        for name, points in curves.items():
            assert name == "against" or [point["weight"] for point in points] == list(WEIGHTS)
    default, policy = document["rows"][DEFAULT], document["policy"]
    for setting, curves in document["curves"].items():
        (place,) = [one for one in curves["all else as in the newsroom"] if one["weight"] == policy[setting]]
        assert place["ndcg@10"] == default["ndcg@10"]  # the default lies on its curves
    assert {one["minus"] for one in document["differences"]} == {ALONE}
    markdown = (tmp_path / "out" / "diversity-valid.md").read_text()
    assert markdown.strip() == capsys.readouterr().out.strip() and "| story cap 1 - score alone | ndcg@10 |" in markdown
    assert (tmp_path / "out" / "diversity-valid.png").read_bytes().startswith(PNG)

from datetime import timedelta

import numpy as np
import pytest
import torch
from benchmarks.rankers.lstur import Lstur
from benchmarks.rankers.naml import Naml
from benchmarks.rankers.nrms import Nrms

from broadsheet.evaluation.ranking.benchmark import measure_split
from broadsheet.evaluation.ranking.rankers import RankerData, ranker_scores, scores_of_rankers, train_ranker
from broadsheet.evaluation.ranking.rows import RANKER
from broadsheet.evaluation.ranking.scores import PIPELINE
from broadsheet.offline.replay import UNTRAINED
from broadsheet.progress import silent
from tests.support.evaluated import SHOWN_AT
from tests.support.impressions import impression_of

MODELS = {"NRMS": Nrms, "NAML": Naml, "LSTUR": Lstur}


def of_topics(bench, count, first=0):
    """Impressions by readers of one topic each, who click the shown article of their topic."""
    found = []
    for number in range(first, first + count):
        topic, other = number % 3, (number + 1 + number % 2) % 3
        history = [f"N{topic + 3 * ((number + step) % 8)}" for step in range(1 + number % 4)]
        shown = [
            f"N{other + 3 * (number % 9)}",
            f"N{topic + 3 * (8 + number % 2)}",
            f"N{(other + 3 * ((number + 4) % 9))}",
        ]
        time = SHOWN_AT + timedelta(minutes=number)
        clicked = [False, True, False]
        found.append(impression_of(bench.data.catalogue, f"U{number % 9}", time, history, shown, clicked, number))
    return found


@pytest.fixture(scope="module")
def parts(bench):
    return of_topics(bench, 90), of_topics(bench, 12, 90), of_topics(bench, 30, 120)


@pytest.mark.parametrize("name", MODELS)
def test_a_ranker_learns_that_readers_click_their_topic(bench, parts, name):
    train, tune, valid = parts
    data, lines = RankerData(bench.data, train), []
    trained = train_ranker(MODELS[name], data, train, tune, 0, lines.append)
    scores = ranker_scores(trained, data, valid).reshape(-1, 3)
    assert (scores.argmax(1) == 1).mean() > 0.9
    assert lines[0].startswith(f"{name[0]}{name[1:].lower()}, seed 0, epoch 1: AUC")


@pytest.mark.parametrize("name", MODELS)
def test_the_score_of_an_article_depends_on_nothing_that_is_scored_beside_it(bench, parts, name):
    torch.manual_seed(0)
    data = RankerData(bench.data, parts[0])
    model, several = MODELS[name](data.sizes), parts[2]
    together = np.split(ranker_scores(model, data, several), len(several))
    for one, scores in zip(several[:6], together, strict=False):
        np.testing.assert_allclose(ranker_scores(model, data, [one]), scores, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_readers_without_a_history_and_unknown_readers_are_scored(bench, parts, name):
    data = RankerData(bench.data, parts[0])
    model = MODELS[name](data.sizes)
    nobody = impression_of(bench.data.catalogue, "new", SHOWN_AT, [], ["N0", "N1"], [True, False])
    stranger = impression_of(bench.data.catalogue, "new", SHOWN_AT, ["N3"], ["N0", "N1"], [True, False])
    found = ranker_scores(model, data, [nobody, stranger])
    assert found[:2].tolist() == [0.0, 0.0] and np.isfinite(found).all() and found[2] != found[3]


def test_lstur_knows_its_readers_in_the_long_run_and_strangers_begin_with_zeros(bench, parts):
    data = RankerData(bench.data, parts[0])
    model = Lstur(data.sizes)
    with torch.no_grad():
        model.readers.weight[1:].normal_()
    shown = ["N0", "N1"], [True, False]
    ours, other, stranger = (
        impression_of(bench.data.catalogue, user, SHOWN_AT, ["N3"], *shown) for user in ("U0", "U1", "stranger")
    )
    known, differs, unknown = (ranker_scores(model, data, [one]).tolist() for one in (ours, other, stranger))
    assert known != differs != unknown
    with torch.no_grad():
        model.readers.weight.zero_()
    assert ranker_scores(model, data, [ours]).tolist() == pytest.approx(unknown)


def test_each_seed_is_a_row_of_its_own_and_the_same_each_time(bench, parts):
    train, tune, valid = parts[0][:20], parts[1], parts[2][:5]
    first, again = (
        scores_of_rankers({"NRMS": Nrms}, bench.data, train, tune, valid, [0, 1], silent)["NRMS"] for _ in range(2)
    )
    assert [one.tolist() for one in first] == [one.tolist() for one in again]
    assert len(first) == 2 and first[0].tolist() != first[1].tolist()


def test_the_rankers_stand_in_one_table_with_ours(bench, split, parts):
    def scores(impressions):
        return scores_of_rankers({"NRMS": Nrms}, bench.data, parts[0][:20], parts[1], impressions, [0, 1, 2], silent)

    findings, requests = measure_split(bench, split, [], [], silent, rankers=scores)
    rows = [*findings.rows]
    assert rows.index("NRMS") == rows.index(UNTRAINED) + 1 and rows[-1] == PIPELINE
    assert len(findings.scores["NRMS"]) == len(findings.runs["NRMS"]) == 3
    assert len(findings.rows["NRMS"]["auc"]) == len(requests[0][1])
    assert {("NRMS", UNTRAINED), (PIPELINE, "NRMS")} <= {*findings.comparisons}
    assert findings.notes["NRMS"] == RANKER

import json
from dataclasses import replace

import numpy as np
import pytest

from broadsheet.corpus.impressions import read_split
from broadsheet.errors import CorpusError
from broadsheet.evaluation.pages.cold_start import (
    BOTH,
    DEFINITIONS,
    FULL,
    HALF,
    KNOWN,
    NEW,
    NOTES,
    OVERLAP,
    POPULARITY,
    PROFILE,
    RANKING,
    measure_starts,
    read_starts,
)
from broadsheet.evaluation.ranking.fusion import requests_of
from broadsheet.evaluation.ranking.scores import PIPELINE, pipeline_scores
from broadsheet.metrics.ranking import Impressions, ranking_metrics
from broadsheet.offline.workbenches import open_bench
from tests.support.evaluated import make_room
from tests.support.scripts import PNG, run_script
from tests.support.tiny import make_impressions


def impressions():
    """Readers of one topic who read six articles, one who read three, and one whose older half shares nothing."""
    rows = make_impressions(12)
    for number, row in enumerate(rows[:10]):
        row["history"] = ["GONE", *(f"N{n}" for n in range(number % 3, 18, 3) if f"N{n}" not in row["shown"])]
    rows[10]["history"] = ["N1", "N1", "N1", "N2", "N4"]
    rows[11]["history"] = ["N0", "N1", "N2", "N5", "N8", "N3"]
    return rows


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    return make_room(tmp_path_factory.mktemp("cold") / "newsroom", encoder, impressions=impressions())


@pytest.fixture(scope="module")
def measured(room):
    bench = open_bench(room)
    ((view, kept),) = requests_of(bench, read_split(bench.data.newsroom, bench.data.catalogue, "valid"), lent=False)
    starts = read_starts(view.data, kept)
    return view, starts, measure_starts(view, starts)


def test_the_profile_is_made_of_the_older_half_of_what_has_text(measured):
    _, starts, _ = measured
    assert [start.impression.number for start in starts] == [*range(10), 11]  # the other read three different articles
    for start in starts:
        read = [news_id for news_id in start.impression.history if news_id != "GONE"]
        assert start.half == read[: len(read) // 2]
    topics = ["sports", "politics", "science"]
    assert [start.profile.split()[0].strip(",") for start in starts[:-1]] == [
        topics[number % 3] for number in range(10)
    ]
    assert starts[-1].half == ["N0", "N1", "N2"] and starts[-1].profile == ""


def test_each_row_knows_what_it_is_named_for_and_retrieves_nothing_that_was_read(measured):
    _, starts, _ = measured
    start = starts[0]
    known = {row: start.user(row) for row in KNOWN}
    assert all(user["hidden"] == start.impression.history for user in known.values())
    assert {row: (user["history"], user["profile"]) for row, user in known.items()} == {
        FULL: (start.impression.history, ""),
        HALF: (start.half, ""),
        BOTH: (start.half, start.profile),
        PROFILE: ([], start.profile),
        NEW: ([], ""),
    }


def test_the_full_history_is_ranked_as_the_pipeline_ranks_it(measured):
    view, starts, rows = measured
    shown = [start.impression for start in starts]
    clicked = np.array([hit for one in shown for hit in one.clicked])
    offsets = np.cumsum([0, *(len(one.shown) for one in shown)])
    expected = ranking_metrics(Impressions(pipeline_scores(view, shown)[PIPELINE], clicked, offsets))
    for metric in RANKING:
        assert rows[FULL][metric] == pytest.approx(expected[metric])
    assert rows[FULL][OVERLAP].tolist() == [1.0] * len(starts)


def test_less_known_is_another_ranking_and_a_reader_without_topics_is_told_by_none(measured):
    _, _, rows = measured
    assert list(rows) == [*KNOWN, POPULARITY] == list(NOTES) and list(rows[POPULARITY]) == list(RANKING)
    for row in KNOWN:
        assert list(rows[row]) == list(DEFINITIONS)
        assert all(np.isfinite(values).all() and (values >= 0).all() for values in rows[row].values())
        assert all((values <= 1).all() for values in rows[row].values())
    assert all(rows[BOTH][metric][-1] == rows[HALF][metric][-1] for metric in DEFINITIONS)
    assert all(rows[PROFILE][metric][-1] == rows[NEW][metric][-1] for metric in DEFINITIONS)
    assert (rows[NEW]["auc towers"] == 0.5).all()  # no vector: all tie
    assert (rows[PROFILE]["auc towers"][:-1] != 0.5).any()


def test_the_script_writes_json_markdown_and_a_plot(room, tmp_path, capsys):
    run_script("benchmark_cold_start", room.path, "valid", out=tmp_path / "out")
    document = json.loads((tmp_path / "out" / "cold-start-valid.json").read_text())
    assert document["impressions"] == {"all": 11, "with a profile": 10}
    assert document["data"]["impressions_measured"] == 11
    for rows in document["rows"].values():
        for metrics in rows.values():
            assert all(value["low"] <= value["mean"] <= value["high"] for value in metrics.values())
    both = next(one for one in document["differences"] if (one["of"], one["minus"]) == (BOTH, HALF))
    mean = {row: document["rows"]["all"][row]["auc"]["mean"] for row in (BOTH, HALF)}
    assert both["mean"] == pytest.approx(mean[BOTH] - mean[HALF]) and both["part"] == "all"
    markdown = (tmp_path / "out" / "cold-start-valid.md").read_text()
    assert f"| {BOTH} - {HALF} | auc | " in markdown and markdown.strip() == capsys.readouterr().out.strip()
    assert (tmp_path / "out" / "cold-start-valid.png").read_bytes().startswith(PNG)


def test_a_split_without_such_a_reader_is_an_error_that_says_so(measured):
    view, starts, _ = measured
    short = [replace(start.impression, history=["N1", "N2", "N2", "N3", "GONE"]) for start in starts]
    with pytest.raises(CorpusError, match="no reader has 4 history articles with text"):
        read_starts(view.data, short)

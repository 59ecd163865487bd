"""The two worked examples of a site's own parts: in a night, a request, a training and a benchmark."""

import shutil
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from broadsheet.corpus.impressions import read_split
from broadsheet.evaluation.ranking.fusion import measure_fusion
from broadsheet.evaluation.retrieval.benchmark import CATALOGUE, measure_retrieval
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.offline.workbenches import open_bench
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.own_scores import own_scores
from broadsheet.tables.schemas import CANDIDATES, RANKED
from broadsheet.training.fusion import read_lists, train_fusion
from tests.support.tiny import START, make_impressions, make_newsroom

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "own_parts"
SETTINGS = """
[own.signals.near_region]
call = "near_region:near_region"
weight = 5.0
reason = "Because it is from your region."

[own.sources.editors_picks]
call = "editors_picks:editors_picks"
weight = 1.0

[own.signals.picked]
call = "editors_picks:picked"
weight = 5.0
reason = "Because our editors picked it."
"""
REGIONS = {"sports 0": "europe/ireland/dublin", "sports 1": "europe/ireland", "politics 0": "africa"}


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    """A newsroom of a site that copied the two examples, and filled their tables for its own readers and articles."""
    site = tmp_path_factory.mktemp("site")
    for name in ("near_region.py", "editors_picks.py"):
        shutil.copy(EXAMPLES / name, site)
    readers = ["fan,europe/ireland/dublin", *(f"U{number},europe/ireland/dublin" for number in range(0, 60, 2))]
    (site / "reader_regions.csv").write_text("\n".join(["name,region", *readers]) + "\n")
    lines = [f"{name},{region}" for name, region in REGIONS.items()]
    (site / "subcategory_regions.csv").write_text("\n".join(["name,region", *lines]) + "\n")
    # N34 is picked for the whole time, N4 only until the hour before the impressions, N999 has left the edition.
    # Neither reader below has read a copy of N34, so that it may be offered to both.
    always, before = (START + timedelta(hours=hours) for hours in (1000, 39))
    picks = [("N34", 1.0, START, always), ("N4", 0.5, START, before), ("N999", 0.5, START, always)]
    rows = [f"{news},{score},{start.isoformat()},{end.isoformat()}" for news, score, start, end in picks]
    (site / "picks.csv").write_text("\n".join(["news_id,score,from,until", *rows]) + "\n")
    newsroom = make_newsroom(tmp_path_factory.mktemp("own") / "room", encoder, extra=SETTINGS)
    with Import(newsroom) as add:
        impressions = make_impressions(60)
        add.impressions("train", impressions)
        add.impressions("valid", [row | {"impression_id": f"v{row['impression_id']}"} for row in impressions])
    forget_modules()  # other tests load the examples from other folders
    sys.path.insert(0, str(site))
    yield newsroom
    sys.path.remove(str(site))
    forget_modules()


def forget_modules():
    for name in ("near_region", "editors_picks"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def edition(room):
    return build(room, users="all")


def test_a_night_ranks_with_both_and_its_manifest_says_so(room, edition):
    ranked = read_table(edition.ranked, RANKED)
    fan = ranked.filter(np.array(ranked["user_id"].to_pylist(), object) == "fan")
    near = own_scores(fan["own"], "near_region")
    home = [int(news_id[1:]) % 6 == 0 for news_id in fan["news_id"].to_pylist()]  # of the subcategory "sports 0"
    assert any(home) and all((value == 1.0) == at_home for value, at_home in zip(near, home, strict=True))
    other = ranked.filter(np.array(ranked["user_id"].to_pylist(), object) == "voter")
    assert np.isnan(own_scores(other["own"], "near_region")).all(), "nobody knows where this reader lives"
    candidates = read_table(edition.candidates, CANDIDATES)
    proposed = np.isfinite(own_scores(candidates["own"], "editors_picks"))
    assert set(np.array(candidates["news_id"].to_pylist())[proposed]) == {"N34"}, "N4 is over, N999 is not there"
    parts = edition.read_manifest()["own_parts"]
    assert list(parts) == ["signal near_region", "signal picked", "source editors_picks"]
    assert parts["source editors_picks"].startswith("editors_picks:editors_picks ")
    print(f"night: {np.isfinite(near).sum()} of the fan's {len(near)} articles have a region; parts {parts}")


def test_a_request_shows_them_and_gives_their_reasons(room, edition):
    page = Pipeline.open(room.path).run("fan", k=5)
    reasons = page.stories["reason"].to_pylist()
    assert {"Because it is from your region.", "Because our editors picked it."} & set(reasons)
    first = page.to_dict()["stories"][0]
    assert {entry["name"] for entry in first["signals"]["own"]} == {"near_region", "picked"}
    picked = Pipeline.open(room.path).run("voter", k=3).stories
    assert "N34" in picked["news_id"].to_pylist() and "Because our editors picked it." in picked["reason"].to_pylist()
    print(f"request: {reasons}")


def test_a_training_learns_from_them(room, edition):
    bench = open_bench(Newsroom(room.path))
    lists = read_lists(bench, "train")
    assert np.isfinite(lists.signals["near_region"]).any() and not np.nan_to_num(lists.signals["picked"]).any()
    said = train_fusion(room, train="train", valid="valid")
    assert "impressions of train" in said
    print(f"training: {said}")


def test_a_benchmark_has_a_row_for_each(room, edition):
    bench = open_bench(Newsroom(room.path))
    lists = read_lists(bench, "valid")
    fused = measure_fusion(lists, lists)
    assert "signal near_region" in fused.rows
    split = read_split(bench.data.newsroom, bench.data.catalogue, "valid")
    found = measure_retrieval(bench, [], split, hours=24, lend=False)
    assert "source editors_picks" in found.runs[CATALOGUE]
    print(f"benchmark: {[row for row in (*fused.rows, *found.runs[CATALOGUE]) if 'editors' in row or 'near' in row]}")

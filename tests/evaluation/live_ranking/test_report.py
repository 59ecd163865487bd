import json

import numpy as np
import pytest

from broadsheet.evaluation.live_ranking import report
from broadsheet.evaluation.live_ranking.benchmark import NEWEST, WEIGHTS, WITH_UNSEEN
from broadsheet.evaluation.live_ranking.delays import DELAYS
from broadsheet.evaluation.live_ranking.recall import ALL
from broadsheet.evaluation.ranking.fusion import FUSION, LIGHTGBM
from broadsheet.evaluation.ranking.scores import PIPELINE
from broadsheet.importers.transaction import Import
from broadsheet.offline.replay import POPULARITY
from broadsheet.rerank.learned_fusion import FusionRecipe
from broadsheet.tables.schemas import SOURCES
from broadsheet.training import fusion_recipe
from tests.support.evaluated import make_room
from tests.support.scripts import PNG, run_script
from tests.support.tiny import make_impressions


@pytest.fixture(scope="module")
def written(tmp_path_factory, encoder):
    """The files of a run on a newsroom with three splits, whose readers click their topic."""
    folder = tmp_path_factory.mktemp("live")
    room = make_room(folder / "room", encoder, impressions=make_impressions(60)[40:], adapter=False)
    with Import(room) as add:
        add.impressions("train", make_impressions(20))
        add.impressions("tune", make_impressions(40)[20:])
    options = {"train": "train", "tune": "tune", "valid": "valid", "out": folder / "out"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fusion_recipe, "RECIPES", (FusionRecipe(trees=5),))  # their choice has tests of its own
        patch.setattr(report, "SAMPLES", 50)
        run_script("benchmark_live_ranking", room.path, **options)
    return folder / "out"


def test_each_row_is_measured_at_each_delay(written):
    found = json.loads((written / "live-ranking-valid.json").read_text("utf-8"))
    assert [*found["rows"]] == [*DELAYS]
    for delay in DELAYS:
        rows = found["rows"][delay]
        assert [*rows] == [
            POPULARITY,
            NEWEST,
            LIGHTGBM,
            WITH_UNSEEN,
            "NRMS",
            "trained towers",
            PIPELINE,
            WEIGHTS,
            FUSION,
        ]
        assert rows["trained towers"] == found["rows"]["0 s"]["trained towers"]  # no counters in it
        assert {*found["learned"][delay]} == {LIGHTGBM, WITH_UNSEEN, FUSION, WEIGHTS}
        assert {one["of"] for one in found["differences"][delay]} == {FUSION}
    assert rows["trained towers"]["auc"]["mean"] > 0.9  # each reader reads one topic
    assert np.isfinite([interval["low"] for row in rows.values() for interval in row.values()]).all()
    assert found["data"]["impressions_measured"] == 20
    assert [*found["recall"]["delays"]] == [*DELAYS]
    assert [*found["recall"]["delays"]["0 s"]] == [*SOURCES, ALL]


def test_the_report_says_what_each_delay_counts_and_draws_auc_over_the_delay(written):
    text = (written / "live-ranking-valid.md").read_text("utf-8")
    for delay in DELAYS:
        assert f"## Counters {delay}" in text
    assert "Counted: what others did up to 5 min before the impression." in text
    assert "| learned fusion - LightGBM on counters | auc |" in text
    assert (written / "live-ranking-valid.png").read_bytes().startswith(PNG)

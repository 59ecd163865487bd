"""The benchmark of the learning curve, on a tiny newsroom whose models are trained for real."""

import itertools
import json
import shutil

import pytest

from broadsheet.evaluation.learning_curve import measure, report
from broadsheet.importers.transaction import Import
from broadsheet.training.attention import train_attention
from tests.support import evaluated
from tests.support.scripts import PNG, run_script
from tests.support.tiny import make_impressions


@pytest.fixture(scope="module")
def source(tmp_path_factory, encoder):
    room = evaluated.make_room(tmp_path_factory.mktemp("curve") / "newsroom", encoder, adapter=False)
    with Import(room) as add:
        add.impressions("train", make_impressions(24))
        add.impressions("tune", make_impressions(12))
    with room.config_file.open("a", encoding="utf-8") as settings:
        settings.write("\n[towers]\nepochs = 1\n[attention]\nepochs = 1\n")
    return room


def test_the_script_gives_each_share_its_clicks_and_all_of_them_the_same_untrained_towers(
    source, tmp_path, monkeypatch
):
    for module in (measure, report):
        monkeypatch.setattr(module, "SHARES", (1 / 8, 1.0))
    work, encoder, shares = tmp_path / "work", str(source.config().retrieval.encoder), ("0.125", "1")
    for place in itertools.product(shares, (0, 1, 2)):  # models that are there are not trained again
        evaluated.make_towers(work / "towers-{}-{}".format(*place), encoder, place[1])
    train_attention(source, train="train", valid="tune", out=tmp_path / "scorer")
    for place in itertools.product(shares, (0, 1, 2)):
        if place != ("0.125", 0):
            shutil.copytree(tmp_path / "scorer", work / "scorer-{}-{}".format(*place))
    run_script("benchmark_learning_curve", source.path, "train", "tune", "valid", work, tmp_path / "out")
    document = json.loads((tmp_path / "out" / "learning-curve-valid.json").read_text("utf-8"))
    clicks, rows = document["clicks"], document["rows"]
    assert list(clicks) == ["0.125", "1"]
    assert clicks["0.125"] == pytest.approx(clicks["1"] / 8, abs=1)
    assert len({json.dumps(found) for found in rows["untrained towers"].values()}) == 1
    assert all(len(several) == 3 for found in document["runs"].values() for several in found.values())
    card = json.loads((tmp_path / "work" / "scorer-0.125-0" / "card.json").read_text("utf-8"))
    assert card["train"]["impressions"] == 3 and card["recipe"]["seed"] == 0
    for ending in ("", "-ndcg"):
        assert (tmp_path / "out" / f"learning-curve-valid{ending}.png").read_bytes().startswith(PNG)

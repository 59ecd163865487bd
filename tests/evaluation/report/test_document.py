import json
import sys

import numpy as np
import pytest

from broadsheet.cli.script import publish
from broadsheet.errors import InputError
from broadsheet.evaluation.ranking.fusion import FUSION
from broadsheet.evaluation.ranking.scores import CROSS_ENCODER, PIPELINE, WITHOUT
from broadsheet.evaluation.report.document import differences_of, stamp
from broadsheet.importers.transaction import Import
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.replay import BM25, POPULARITY, RANDOM, UNTRAINED
from tests.support.evaluated import make_room, make_towers
from tests.support.scripts import PNG, run_script
from tests.support.tiny import make_impressions


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    return make_room(tmp_path_factory.mktemp("reported") / "newsroom", encoder)


def test_the_ranking_script_writes_json_markdown_and_plots(room, tmp_path, capsys):
    run_script("benchmark_ranking", room.path, "valid", out=tmp_path / "out")
    document = json.loads((tmp_path / "out" / "ranking-valid.json").read_text())
    assert list(document["rows"]) == [RANDOM, POPULARITY, BM25, UNTRAINED, CROSS_ENCODER, WITHOUT, PIPELINE]
    for metrics in document["rows"].values():
        assert all(value["low"] <= value["mean"] <= value["high"] for value in metrics.values())
    ours, other = (document["rows"][name]["auc"]["mean"] for name in (PIPELINE, UNTRAINED))
    first = document["differences"][0]
    assert (first["of"], first["minus"], first["metric"]) == (PIPELINE, UNTRAINED, "auc")
    assert first["mean"] == pytest.approx(ours - other) and first["low"] <= first["high"]
    assert document["data"]["split"] == "valid" and document["data"]["impressions_measured"] == 30
    assert document["seeds"] == [0, 1, 2] and document["models"]["cross_encoder"] and document["versions"]["torch"]
    markdown = (tmp_path / "out" / "ranking-valid.md").read_text()
    assert f"| {PIPELINE} - {UNTRAINED} | auc | " in markdown and markdown.strip() == capsys.readouterr().out.strip()
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {"ranking-valid.png", "ranking-valid-slices.png"}
    assert all(path.read_bytes().startswith(PNG) for path in (tmp_path / "out").glob("*.png"))
    assert document["calibration"] is None and list(document["beyond"]) == list(document["rows"])


@pytest.fixture(scope="module")
def plain_room(tmp_path_factory, encoder):
    """A newsroom without a cross-encoder, and with a split to learn the fusion from."""
    room = make_room(tmp_path_factory.mktemp("plain") / "newsroom", encoder, adapter=False)
    with Import(room) as add:
        add.impressions("tune", make_impressions(40))
    return room


@pytest.mark.parametrize("live", [False, True])
def test_the_ranking_script_tells_of_slices_first_places_and_probabilities(plain_room, tmp_path, capsys, live):
    room = plain_room
    run_script("benchmark_ranking", room.path, "valid", fusion="tune", live=live, out=tmp_path / "out")
    name = "ranking-valid-live" if live else "ranking-valid"
    document = json.loads((tmp_path / "out" / f"{name}.json").read_text())
    main = [row for row in document["rows"] if not row.startswith(("signal ", f"{FUSION} without"))]
    sizes = document["slices"]["impressions"]
    assert list(sizes) == ["readers of 1 to 4 articles"]
    assert sum(sizes.values()) == document["data"]["impressions_measured"] == (45 if live else 30)
    for metric in ("auc", "ndcg@10"):
        for row, slices in document["slices"][metric].items():
            (found,) = slices.values()  # all readers are of one slice
            assert found == pytest.approx(document["rows"][row][metric])
    assert list(document["beyond"]) == list(document["lists"]) == list(document["slices"]["auc"]) == main
    for values in document["beyond"].values():
        assert (
            0 <= values["distance@5"]["low"] <= values["distance@5"]["mean"] <= 2 and values["novelty@10"]["mean"] > 0
        )
    ways = document["calibration"]["ways"]
    assert len(ways) == 3 and all(0 <= way["error"] <= 1 and len(way["runs"]) == 3 for way in ways.values())
    markdown = (tmp_path / "out" / f"{name}.md").read_text()
    assert markdown.strip() == capsys.readouterr().out.strip()
    assert "## Beyond accuracy: the first 5" in markdown and "| isotonic | " in markdown
    plots = {f"{name}{end}.png" for end in ("", "-calibration", "-slices")}
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == plots
    assert all((tmp_path / "out" / plot).read_bytes().startswith(PNG) for plot in plots)


@pytest.mark.parametrize("live", [False, True])
def test_the_retrieval_script_writes_json_markdown_and_plots(room, tmp_path, encoder, capsys, live):
    towers = [f"frozen={make_towers(tmp_path / f'towers-{seed}', encoder, seed)}" for seed in (0, 1)]
    run_script("benchmark_retrieval", room.path, "valid", live=live, towers=towers, out=tmp_path / "out")
    name = "retrieval-valid-live" if live else "retrieval-valid"
    document = json.loads((tmp_path / "out" / f"{name}.json").read_text())
    assert document["setting"] == ("live" if live else "content-only")
    fusion = "fusion, frozen towers"
    for section in (document, document["live_pool"]):
        assert list(section["rows"])[-2:] == ["frozen towers", fusion] and UNTRAINED in section["rows"]
        assert list(section["rows"]) == list(section["lists"]) == list(section["slices"])
        assert len(section["runs"][fusion]) == (6 if live else 2)
        assert section["rows"][RANDOM]["recall@1000"]["mean"] <= 1
    compared = {(one["in"], one["of"], one["minus"], one["metric"]) for one in document["differences"]}
    assert ("catalogue", fusion, "source popularity", "recall@100") in compared
    assert ("live_pool", "frozen towers", UNTRAINED, "recall@200") in compared
    assert document["models"]["towers"][0]["label"] == "frozen" and document["definitions"]["recall@k"]
    markdown = (tmp_path / "out" / f"{name}.md").read_text()
    assert "not capped at k" in markdown and markdown.strip() == capsys.readouterr().out.strip()
    for plot in ("recall", "slices"):
        assert (tmp_path / "out" / f"{name}-{plot}.png").read_bytes().startswith(PNG)


def test_without_a_trained_cross_encoder_its_row_is_left_out_and_said_to_be(plain_room, capsys):
    run_script("benchmark_ranking", plain_room.path, "valid")
    printed = capsys.readouterr().out
    assert "none was trained" in printed and f"| {CROSS_ENCODER} |" not in printed and f"| {PIPELINE} |" in printed


def test_several_comparisons_are_corrected_together():
    rng = np.random.default_rng(0)
    rows = {name: {"auc": rng.normal(shift, 1, 200)} for name, shift in (("a", 0.0), ("b", 0.3), ("c", 0.0))}
    bootstrap = Bootstrap(np.arange(200), rng)
    found = differences_of(bootstrap, rows, [("b", "a"), ("c", "a")])
    assert [(one["of"], one["minus"]) for one in found] == [("b", "a"), ("c", "a")]
    assert found[0]["p_holm"] == pytest.approx(2 * found[0]["p"]) and found[1]["p_holm"] == found[1]["p"]
    assert found[0]["mean"] == pytest.approx(rows["b"]["auc"].mean() - rows["a"]["auc"].mean())


def test_a_folder_that_cannot_be_made_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"--out .*out: cannot be made"):
        publish(tmp_path / "file" / "out", pytest.fail)


def test_the_command_of_a_report_names_files_without_the_folders_of_a_machine(monkeypatch):
    argv = [
        "benchmark_ranking.py",
        "/srv/rooms/paper",
        "--towers",
        "a=/srv/t/a-0",
        "--out",
        "here/results",
    ]
    monkeypatch.setattr(sys, "argv", argv)
    command = "python scripts/benchmark_ranking.py paper --towers a=a-0 --out here/results"
    assert stamp()["command"] == command

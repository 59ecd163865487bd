import json

import numpy as np
import pytest
from scripts.score_predictions import score

from broadsheet.corpus.impressions import read_split
from broadsheet.errors import InputError
from broadsheet.evaluation.ranking.fusion import ENSEMBLE, FUSION
from broadsheet.evaluation.ranking.predictions import write_rankings
from broadsheet.evaluation.ranking.scores import PIPELINE
from broadsheet.importers.transaction import Import
from broadsheet.metrics.mind_submission import read_predictions
from broadsheet.offline.replay import BM25, POPULARITY, UNTRAINED
from broadsheet.offline.workbenches import open_bench
from tests.support.evaluated import make_room, row
from tests.support.scripts import run_script
from tests.support.tiny import make_impressions

NAMES = {"AUC": "auc", "MRR": "mrr", "nDCG@5": "ndcg@5", "nDCG@10": "ndcg@10"}


@pytest.fixture(scope="module")
def room(tmp_path_factory, encoder):
    """Impressions of which one has no history, so that articles tie, one is unlabelled, and one shows clicks alone."""
    more = [
        row(30, ["N0", "N1", "N2"], [False, True, False]),
        row(31, ["N3", "N4"], []),
        row(32, ["N5"], [True]),
        row(33, ["N6", "N7", "N8"], [True, False, False], history=["N9"]),
    ]
    room = make_room(tmp_path_factory.mktemp("predicted") / "room", encoder, impressions=[*make_impressions(30), *more])
    with Import(room) as add:
        add.impressions("tune", make_impressions(40))
    return room


@pytest.fixture(scope="module")
def measured(room, tmp_path_factory):
    out = tmp_path_factory.mktemp("measured")
    run_script("benchmark_ranking", room.path, "valid", fusion="tune", out=out / "out", predictions=out / "predictions")
    return json.loads((out / "out" / "ranking-valid.json").read_text()), out / "predictions"


@pytest.mark.parametrize("name", [POPULARITY, BM25, UNTRAINED, PIPELINE, FUSION, ENSEMBLE])
def test_the_files_of_a_row_score_as_the_row_itself(room, measured, capsys, name):
    document, folder = measured
    slug = name.replace(",", "").replace(" ", "-")
    files = [folder / f"{slug}.txt"] if (folder / f"{slug}.txt").is_file() else sorted(folder.glob(f"{slug}-seed-*"))
    assert len(files) == (3 if name in (POPULARITY, FUSION) else 1)
    printed = []
    for file in files:
        score(room.path, "valid", file)
        printed.append(dict(line.split(":") for line in capsys.readouterr().out.splitlines()))
    for label, metric in NAMES.items():
        mean = np.mean([float(one[label]) for one in printed])
        assert mean == pytest.approx(document["rows"][name][metric]["mean"], abs=0.00005 + 1e-9)


def test_there_is_a_file_for_every_main_row_and_none_for_a_single_signal(measured):
    document, folder = measured
    rows = {path.stem.split("-seed-")[0] for path in folder.iterdir()}
    main = [name for name in document["rows"] if not name.startswith(("signal ", f"{FUSION} without"))]
    assert rows == {name.replace(",", "").replace(" ", "-") for name in main} and len(main) < len(document["rows"])


def test_every_impression_has_a_line_and_in_what_is_not_measured_all_tie(measured):
    found = read_predictions(measured[1] / "pipeline.txt")
    assert found.impression_ids == [str(number) for number in range(34)]
    lists = dict(zip(found.impression_ids, np.split(found.ranks, found.offsets[1:-1]), strict=True))
    assert lists["31"].tolist() == [1, 1] and lists["32"].tolist() == [1]
    assert sorted(lists["33"]) == [1, 2, 3]


def test_articles_without_text_come_last(tmp_path, encoder):
    rows = [row(0, ["GONE", "N0", "N1", "LOST"], [False, True, False, False])]
    bench = open_bench(make_room(tmp_path / "room", encoder, impressions=rows, adapter=False))
    impressions = read_split(bench.data.newsroom, bench.data.catalogue, "valid").impressions
    paths = list(write_rankings(tmp_path, {"a row, odd/ly": [np.array([0.1, 0.2])]}, bench.data, "valid", impressions))
    assert [path.name for path in paths] == ["a-row-odd-ly.txt"]
    assert paths[0].read_text() == "0 [3,2,1,3]\n"


def test_halvings_have_no_one_ranking_to_write(room, tmp_path):
    with pytest.raises(InputError, match=r"--predictions .*: found with --live, .* Leave one of the two out"):
        run_script("benchmark_ranking", room.path, "valid", live=True, predictions=tmp_path / "files")
    assert not (tmp_path / "files").exists()


def test_a_folder_for_predictions_that_cannot_be_made_is_refused_before_any_work(room, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"--predictions .*files: cannot be made"):
        run_script("benchmark_ranking", room.path, "valid", predictions=tmp_path / "file" / "files")

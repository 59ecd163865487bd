import numpy as np
import pytest
import torch

from broadsheet.corpus.impressions import read_split
from broadsheet.errors import ModelError
from broadsheet.evaluation.ranking.cross_encoders import open_cross_encoders
from broadsheet.evaluation.ranking.rows import measure_ranking, notes_of
from broadsheet.evaluation.ranking.scores import CROSS_ENCODER, PIPELINE
from broadsheet.offline.signals import impression_signals
from broadsheet.offline.workbenches import open_bench, read_folders
from tests.support.evaluated import make_adapter, make_room


@pytest.fixture(scope="module")
def bench(tmp_path_factory, encoder):
    return open_bench(make_room(tmp_path_factory.mktemp("evaluated") / "newsroom", encoder))


@pytest.fixture(scope="module")
def impressions(bench):
    return [one for one in read_split(bench.data.newsroom, bench.data.catalogue, "valid").impressions if one.rankable]


def test_trained_cross_encoders_of_one_label_are_one_row_beside_the_pipelines_own(
    bench, impressions, tmp_path, encoder
):
    for seed in (0, 1):
        torch.manual_seed(seed)
        make_adapter(tmp_path / f"seed-{seed}", encoder)
    folders = read_folders("--cross-encoder", [f"LoRA={tmp_path / f'seed-{seed}'}" for seed in (0, 1)])
    scorers = open_cross_encoders(bench.models, folders)
    found = measure_ranking(bench, bench, [], impressions, scorers)
    first, second = found.scores["LoRA cross-encoder"]
    ours = np.concatenate([one["relevance"] for one in signals_by(bench, scorers[1].scorer, impressions)])
    np.testing.assert_array_equal(second, ours)
    assert [(one["folder"], one["mode"]) for one in found.cross_encoders] == [("seed-0", "lora"), ("seed-1", "lora")]
    assert not np.allclose(first, second) and len(found.runs["LoRA cross-encoder"]) == 2
    assert [one["fingerprint"] for one in found.cross_encoders] == [one.scorer.fingerprint for one in scorers]
    assert (PIPELINE, "LoRA cross-encoder") in found.comparisons
    assert not np.allclose(found.scores[CROSS_ENCODER][0], first)
    assert notes_of(found.rows)["LoRA cross-encoder"].startswith("relevance by these cross-encoders alone")


def signals_by(bench, scorer, impressions):
    return impression_signals(bench, impressions, scorer)


def test_a_folder_without_a_cross_encoder_is_refused(bench, tmp_path):
    with pytest.raises(ModelError, match=r"no card\.json"):
        open_cross_encoders(bench.models, [("LoRA", tmp_path)])

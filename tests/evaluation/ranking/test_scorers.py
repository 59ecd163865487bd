import numpy as np

from broadsheet.corpus.impressions import read_split
from broadsheet.evaluation.ranking.rows import measure_ranking
from broadsheet.evaluation.ranking.scorers import SEEDED, laid_together, seeded_scores
from broadsheet.offline.signals import impression_signals
from broadsheet.offline.workbenches import open_bench
from broadsheet.rerank.signals import fuse
from tests.support.evaluated import make_attention, make_room, make_towers

SIGNALS = {"two_tower": np.array([1.0, 0.0]), "attention": np.array([0.0, 1.0]), "popularity": np.array([0.5, np.nan])}
WEIGHTS = {"two_tower": 1.0, "attention": 2.0, "popularity": 4.0}


def test_the_pipeline_of_a_seed_has_the_models_of_that_seed_in_place_of_its_own():
    trained = {
        "frozen towers": [np.array([3.0, 5.0]), np.array([0.0, 0.0])],
        "own scorer": [np.array([0.0, 1.0]), np.array([1.0, 0.0])],
    }
    first, second = seeded_scores(SIGNALS, trained, WEIGHTS)[SEEDED]
    np.testing.assert_allclose(first, [(3 + 0 + 2) / 7, (5 + 2 + 0) / 7])  # an absent popularity counts as 0
    np.testing.assert_allclose(second, [(0 + 2 + 2) / 7, 0])


def test_models_that_do_not_come_in_the_same_seeds_give_no_pipeline_of_seeds():
    two, three = [np.zeros(2)] * 2, [np.zeros(2)] * 3
    assert seeded_scores(SIGNALS, {"frozen towers": two, "own scorer": three}, WEIGHTS) == {}
    assert seeded_scores(SIGNALS, {"frozen towers": two, "LoRA towers": two}, WEIGHTS) == {}
    assert seeded_scores(SIGNALS, {"frozen towers": two[:1]}, WEIGHTS) == {}
    assert SEEDED in seeded_scores(SIGNALS, {"frozen towers": two, "own scorer": two[:1]}, WEIGHTS)


def test_scorers_have_a_row_and_the_row_of_seeds_fuses_what_each_seed_says(tmp_path, encoder):
    room = make_room(tmp_path / "newsroom", encoder)
    folders = [("own", tmp_path / f"scorer-{seed}") for seed in (0, 1)]
    for seed, (_, folder) in enumerate(folders):
        make_attention(folder, encoder, seed=seed)
        make_towers(tmp_path / f"towers-{seed}", encoder, seed)
    bench = open_bench(room)
    impressions = read_split(room, bench.data.catalogue, "valid").impressions[:6]
    opened = [("frozen", open_bench(room, towers=str(tmp_path / f"towers-{seed}"))) for seed in (0, 1)]
    found = measure_ranking(bench, open_bench(room, towers="untrained"), opened, impressions, scorers=folders)
    assert len(found.scores["own scorer"]) == len(found.scores[SEEDED]) == len(found.runs[SEEDED]) == 2
    assert (SEEDED, "own scorer") in found.comparisons and ("own scorer", "untrained towers") in found.comparisons
    signals = laid_together(list(impression_signals(bench, impressions)))
    towers, scorers = found.scores["frozen towers"], found.scores["own scorer"]
    assert np.isfinite(signals["relevance"]).any() and scorers[0].tolist() != scorers[1].tolist()
    for seed in (0, 1):
        of_seed = {**signals, "two_tower": towers[seed], "attention": scorers[seed]}
        np.testing.assert_allclose(found.scores[SEEDED][seed], fuse(of_seed, bench.models.signal_weights))

import json

import numpy as np
import pytest

from broadsheet.errors import ModelError
from broadsheet.rerank.learned_fusion import FusionRecipe, Lists, calibrate, fit_fusion, load_fusion, save_fusion
from broadsheet.rerank.signals import SIGNALS

NAMES = ("two_tower", "click_rate")
ABSENT = np.full(400, np.nan)


def lists(seed=0):
    """100 impressions of four articles, of which the one with the most of a mixture of two signals is clicked."""
    draw = np.random.default_rng(seed)
    signals = {name: draw.random(400) if name in NAMES else ABSENT for name in SIGNALS}
    mixture = (signals["two_tower"] + 0.5 * signals["click_rate"]).reshape(100, 4)
    clicked = mixture == mixture.max(axis=1, keepdims=True)
    return Lists(signals, clicked.ravel(), np.full(100, 4))


@pytest.fixture(scope="module")
def fusion():
    return fit_fusion(lists(), NAMES, FusionRecipe(), (0, 1))


def candidates(**values):
    count = len(next(iter(values.values())))
    return {name: np.asarray(values.get(name, np.full(count, np.nan)), float) for name in SIGNALS}


def test_it_finds_in_other_impressions_what_was_clicked(fusion):
    others = lists(seed=1)
    scores = fusion(others.signals).reshape(100, 4)
    hits = others.clicked.reshape(100, 4)[np.arange(100), scores.argmax(axis=1)]
    assert hits.mean() > 0.8, "chance is a quarter"


@pytest.mark.parametrize("name", NAMES)
def test_more_of_a_signal_never_lowers_a_score(fusion, name):
    grid = np.linspace(-0.5, 1.5, 200)
    for other in (0.1, 0.9, np.nan):
        scores = fusion(candidates(**{**dict.fromkeys(NAMES, np.full(200, other)), name: grid}))
        assert (np.diff(scores) >= -1e-12).all() and scores[-1] > scores[0]


def test_what_is_infinite_counts_as_absent(fusion):
    finite = fusion(candidates(two_tower=[0.5, 0.5], click_rate=[np.nan, 0.2]))
    endless = fusion(candidates(two_tower=[0.5, 0.5], click_rate=[np.inf, 0.2]))
    assert np.array_equal(finite, endless) and np.isfinite(endless).all()


def test_contributions_sum_to_the_score_beyond_the_average_candidate(fusion):
    signals = {name: values[:40] for name, values in lists(seed=2).signals.items()}
    parts, scores = fusion.contributions(signals, [40]), fusion(signals)
    assert tuple(parts) == SIGNALS and not parts["relevance"].any()
    assert np.sum(list(parts.values()), axis=0) == pytest.approx(scores - scores.mean(), abs=1e-9)


def test_contributions_to_lists_laid_end_to_end_are_those_of_each_list_alone(fusion):
    signals = {name: values[:40] for name, values in lists(seed=2).signals.items()}
    both = fusion.contributions(signals, [15, 0, 25])
    for start, end in ((0, 15), (15, 40)):
        alone = fusion.contributions({name: values[start:end] for name, values in signals.items()}, [end - start])
        assert all(both[name][start:end].tolist() == alone[name].tolist() for name in SIGNALS)


def test_no_candidates_have_no_scores_and_no_contributions(fusion):
    assert fusion(candidates(two_tower=[])).shape == (0,)
    assert all(part.shape == (0,) for part in fusion.contributions(candidates(two_tower=[]), [0]).values())


def test_the_same_impressions_give_the_same_trees():
    first, second = (fit_fusion(lists(), NAMES, FusionRecipe())(lists(seed=1).signals) for _ in range(2))
    assert np.array_equal(first, second)


def test_the_probabilities_sum_to_the_clicks_and_rise_with_the_score(fusion):
    others = lists(seed=3)
    fitted = calibrate(fusion, others)
    probability = fitted.probability(fitted(others.signals))
    # At the highest likelihood the mean prediction of a logistic function with an offset is the share of clicks.
    assert probability.mean() == pytest.approx(0.25, abs=1e-3)
    assert (np.diff(fitted.probability(np.linspace(-3, 3, 50))) > 0).all()


@pytest.fixture
def folder(fusion, tmp_path):
    save_fusion(fusion, tmp_path / "fusion", {"note": "for tests"})
    return tmp_path / "fusion"


def test_what_was_saved_scores_as_before(fusion, folder):
    loaded, signals = load_fusion(folder), lists(seed=1).signals
    assert np.array_equal(loaded(signals), fusion(signals)) and loaded.calibration == fusion.calibration
    assert sorted(path.name for path in folder.iterdir()) == ["card.json", "trees-0.txt", "trees-1.txt"]


@pytest.mark.parametrize("name", ["card.json", "trees-1.txt"])
def test_a_folder_that_lacks_a_file_is_one_clear_error(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError, match=rf"fusion: no {name}\. Expected a folder that `broadsheet train fusion`"):
        load_fusion(folder)


def test_a_changed_byte_of_the_trees_is_one_clear_error(folder):
    text = (folder / "trees-0.txt").read_text()
    (folder / "trees-0.txt").write_text(text.replace("leaf_value=", "leaf_value=9", 1))
    with pytest.raises(ModelError, match=r"trees-0\.txt changed since the training"):
        load_fusion(folder)


def test_a_fusion_of_other_signals_is_refused_with_both_named(folder):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "signals": ["two_tower", "mood"]}))
    with pytest.raises(ModelError, match=r"needs the unknown signals mood; expected trees over .*: relevance, "):
        load_fusion(folder)


def test_a_card_that_names_other_signals_than_the_trees_is_refused(folder):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "signals": ["click_rate", "two_tower"]}))
    with pytest.raises(ModelError, match="the trees read two_tower, click_rate, the card says click_rate, two_tower"):
        load_fusion(folder)


@pytest.mark.parametrize("keep", [0, 40, -1])
def test_trees_that_were_cut_are_one_clear_error(folder, keep):
    text = (folder / "trees-1.txt").read_text()
    (folder / "trees-1.txt").write_text(text[:keep])
    with pytest.raises(ModelError, match=r"trees-1\.txt changed since the training.* Expected a folder that"):
        load_fusion(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"signals": None}, "signals is missing; expected signals, names"),
        ({"signals": "two_tower"}, 'signals is "two_tower"; expected'),
        ({"signals": [1]}, r"signals is \[1\]; expected"),
        ({"sha256": None, "calibration": None}, "calibration is missing, sha256 is missing; expected"),
        ({"calibration": [1.0]}, r"calibration is \[1.0\]; expected .* a slope of 0 or more and an offset"),
        ({"calibration": [float("nan"), 0.0]}, r"calibration is \[NaN, 0.0\]; expected"),
        ({"calibration": [1.0, float("inf")]}, r"calibration is \[1.0, Infinity\]; expected"),
        ({"calibration": [-1.0, 0.0]}, r"calibration is \[-1.0, 0.0\]; expected"),
        ({"calibration": ["1", 0.0]}, r'calibration is \["1", 0.0\]; expected'),
    ],
)
def test_a_card_of_another_form_is_refused_with_both_named(folder, changes, words):
    card = json.loads((folder / "card.json").read_text()) | changes
    (folder / "card.json").write_text(json.dumps({name: value for name, value in card.items() if value is not None}))
    with pytest.raises(ModelError, match=rf"card\.json: not a card that training wrote: {words}.*run it again"):
        load_fusion(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "\xff"])
def test_a_card_that_is_no_object_is_one_clear_error(folder, text):
    (folder / "card.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelError, match=r"card\.json: not a card that training wrote.*Expected a folder that"):
        load_fusion(folder)

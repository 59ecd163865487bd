"""The folder of an attentive scorer: a card whose numbers cannot be meant, and weights that give no number."""

import json
import logging

import numpy as np
import pytest
import torch

from broadsheet.errors import ModelError
from broadsheet.readers.state import reader_states
from broadsheet.rerank import signals as module
from broadsheet.rerank.attention import Attention
from broadsheet.rerank.attentive_scorer.inputs import COUNTS, Request
from broadsheet.rerank.attentive_scorer.scorer import TrainedScorer
from broadsheet.rerank.attentive_scorer.trained import load_attention, save_attention
from broadsheet.rerank.attentive_scorer.training import ShownList, new_scorer
from broadsheet.rerank.block import Block
from broadsheet.rerank.signals import FROM_CANDIDATES
from tests.support.evaluated import make_attention, random_scorer
from tests.support.stage_contract import catalogue_of, unit, users_table

VECTORS = unit(np.random.default_rng(1).normal(size=(6, 32)))


@pytest.fixture
def folder(encoder, tmp_path):
    make_attention(tmp_path / "attention", encoder)
    return tmp_path / "attention"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("outcomes", 5, "outcomes are 5, expected some of long_read, hide, in this order"),
        ("outcomes", None, "outcomes are None"),
        ("outcomes", [["hide"]], r"outcomes are \[\['hide'\]\]"),
        ("outcomes", ["hide", "long_read"], "outcomes are"),
        ("outcomes", ["hide", "hide"], "outcomes are"),
        ("centre", float("nan"), "centre is nan, expected a finite number"),
        ("centre", float("-inf"), "centre is -inf, expected a finite number"),
        ("reads", 5, "reads are 5"),
        ("dim", 10**12, "the weights cannot be read"),
        ("dim", -1, "the weights cannot be read"),
        ("dim", True, "the weights cannot be read"),
    ],
)
def test_a_card_whose_numbers_cannot_be_meant_is_one_error_that_says_what_to_do(folder, name, value, said):
    card = json.loads((folder / "card.json").read_text("utf-8"))
    (folder / "card.json").write_text(json.dumps(card | {name: value}), "utf-8")
    with pytest.raises(ModelError, match=rf"{said}(.|\n)*`broadsheet train attention`"):
        load_attention(folder)


def test_a_loaded_scorer_has_the_weights_of_the_file_and_is_in_evaluation_mode(folder):
    loaded, saved = load_attention(folder).model, random_scorer(32)
    assert not loaded.training
    for (name, found), (_, expected) in zip(loaded.state_dict().items(), saved.state_dict().items(), strict=True):
        assert torch.equal(found, expected.half().float()), name


def test_scores_that_are_no_numbers_are_absent_with_a_warning(caplog):
    module._warn.cache_clear()
    caplog.set_level(logging.WARNING)
    catalogue, huge = catalogue_of(VECTORS), random_scorer(32)
    with torch.no_grad():
        huge.scale.zero_()  # finite, as a file may hold it; what is divided by it is not
    users = users_table({"user_id": "u", "history": ["N0", "N1"]})
    block = Block(catalogue, reader_states(users, catalogue), [np.array([2, 3])], 5)
    found = Attention(TrainedScorer(huge, 0.0, ""))(block, dict.fromkeys(FROM_CANDIDATES, np.full((1, 2), 0.5)))
    assert np.isnan(found).all()
    assert caplog.messages[0].startswith("Signal attention: found values that are infinite or not a number")


@pytest.mark.parametrize("count", [3, 48, 100])
def test_an_input_that_is_the_same_everywhere_stays_small_in_training_and_after_it_is_saved(encoder, tmp_path, count):
    # The standard deviation of 0.1 three times is 1e-17 by rounding; divided by it, a small difference would be huge.
    values = [0.7, np.log(1e-3), 0.1, np.log1p(60), np.nan]
    counts = np.tile(values, (count, 1))
    assert len(values) == len(COUNTS)
    model = new_scorer([ShownList(Request([0], list(range(count)), counts), np.ones(count, bool))], VECTORS, 0.1)
    assert model.scale.tolist() == [1.0] * len(COUNTS)
    save_attention(model, tmp_path / "attention", base=str(encoder), vectors="", card={"centre": 0.0})
    loaded = load_attention(tmp_path / "attention").model
    inputs = (torch.tensor(values) - loaded.mean) / loaded.scale
    assert inputs[:4].abs().max() < 0.01 and loaded.scale.min() > 0

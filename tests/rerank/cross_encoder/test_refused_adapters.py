"""What is not a whole adapter of this base model is refused, with what was found and what was expected."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from broadsheet.errors import ConfigError, ModelError
from broadsheet.models import loading as models
from broadsheet.rerank import load_cross_encoder
from broadsheet.rerank.cross_encoder.trained import ADAPTER, ENCODER, HEAD, new_cross_encoder
from tests.rerank.cross_encoder.test_model import changed_cross_encoder, save
from tests.support.cards import without_hashes
from tests.support.tiny import make_encoder


@pytest.fixture(scope="module")
def adapter(encoder, tmp_path_factory):
    """The folder of a trained cross-encoder."""
    folder = tmp_path_factory.mktemp("adapter") / "reranker"
    save(changed_cross_encoder(encoder), folder, encoder)
    return folder


@pytest.fixture
def copy(adapter, tmp_path):
    """A copy of it, to be damaged."""
    return without_hashes(shutil.copytree(adapter, tmp_path / "reranker"))


def refused(folder, base, words, error=ModelError, max_tokens=48):
    with pytest.raises(error, match=words) as caught:
        load_cross_encoder(folder, str(base), max_tokens=max_tokens)
    assert error is ConfigError or "train" in str(caught.value)


@pytest.mark.parametrize("name", ["card.json", HEAD, "adapter_model.safetensors", "adapter_config.json"])
def test_a_folder_that_lacks_a_file_is_one_clear_error(copy, encoder, name):
    (copy / name).unlink()
    refused(copy, encoder, f"reranker: no {name}. Expected a folder that")


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path, encoder):
    refused(tmp_path / "none", encoder, "none: no card.json")


def test_an_adapter_of_another_base_is_one_clear_error(adapter, tmp_path):
    other = make_encoder(tmp_path / "other", seed=5)
    refused(adapter, other, "trained on base model [0-9a-f]{16}, but rerank.encoder = .* is [0-9a-f]{16}")


@pytest.mark.parametrize("card", ["{", "[]", "{}", '"text"'])
def test_a_card_that_training_did_not_write_is_one_clear_error(copy, encoder, card):
    (copy / "card.json").write_text(card)
    refused(copy, encoder, "card.json: not a card that training wrote")


def test_a_card_of_another_form_is_refused_with_both_named(copy, encoder):
    (copy / "card.json").write_text('{"signals": ["two_tower"], "sha256": []}')
    refused(copy, encoder, "it names signals, sha256, expected a base_fingerprint")


@pytest.mark.parametrize("name", [HEAD, "adapter_model.safetensors", "adapter_config.json"])
def test_a_truncated_file_is_one_clear_error(copy, encoder, name):
    (copy / name).write_bytes((copy / name).read_bytes()[:-20])
    refused(copy, encoder, "the weights cannot be read")


def test_an_adapter_without_its_weights_is_one_clear_error(copy, encoder):
    weights = load_file(copy / "adapter_model.safetensors")
    save_file(dict(list(weights.items())[2:]), copy / "adapter_model.safetensors")
    refused(copy, encoder, "the weights cannot be read .*missing adapter keys")


@pytest.mark.parametrize("name", ["scale", "offset", "linear.weight"])
def test_a_head_that_lacks_a_part_is_one_clear_error(copy, encoder, name):
    head = load_file(copy / HEAD)
    save_file({key: value for key, value in head.items() if key != name}, copy / HEAD)
    refused(copy, encoder, "head.safetensors: holds .*, expected")


def test_a_head_of_another_size_is_one_clear_error(copy, encoder):
    save_file({**load_file(copy / HEAD), "linear.weight": torch.ones(1, 8)}, copy / HEAD)
    refused(copy, encoder, r"head.safetensors: holds .*\(1, 8\).*, expected .*\(1, 32\)")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(
    ("file", "name"), [(HEAD, "scale"), (HEAD, "linear.weight"), (ADAPTER[0], "query.lora_A.weight")]
)
def test_weights_that_are_not_finite_are_refused_and_named(copy, encoder, file, name, value):
    weights = load_file(copy / file)
    first = next(key for key in weights if key.endswith(name))
    weights[first].view(-1)[0] = value
    save_file(weights, copy / file)
    refused(copy, encoder, f"infinite or not a number in {first}, expected finite")


def test_an_adapter_of_another_vocabulary_is_refused_with_both_named(adapter, encoder, tmp_path):
    other = shutil.copytree(encoder, tmp_path / "other")
    tokenizer = (other / "tokenizer.json").read_text()
    (other / "tokenizer.json").write_text(tokenizer.replace('"football"', '"cricket"'))
    names = f"trained on base model {models.fingerprint(str(encoder))}, but .* is {models.fingerprint(str(other))}"
    refused(adapter, other, names)


def test_an_adapter_of_another_size_is_one_clear_error_though_its_card_says_it_fits(copy, tmp_path, encoder):
    other = make_encoder(tmp_path / "other", hidden=64)
    card = json.loads((copy / "card.json").read_text()) | {"base_fingerprint": models.fingerprint(str(other))}
    (copy / "card.json").write_text(json.dumps(card))
    refused(copy, other, "the weights cannot be read .*size mismatch")


def test_a_head_that_was_never_trained_is_refused(encoder, tmp_path):
    save(new_cross_encoder(str(encoder)), tmp_path / "fresh", encoder)
    refused(tmp_path / "fresh", encoder, "the head was never trained, all its weights are 0")


def test_a_base_that_reads_fewer_tokens_is_one_clear_error(adapter, encoder):
    refused(adapter, encoder, "rerank.max_tokens: found 200, expected at most 128", ConfigError, max_tokens=200)


def test_a_whole_encoder_that_was_cut_short_is_one_clear_error(encoder, tmp_path):
    save(changed_cross_encoder(encoder, "full"), tmp_path / "whole", encoder, "full")
    (tmp_path / "whole" / ENCODER).write_bytes(b"cut")
    refused(tmp_path / "whole", encoder, "whole: encoder.safetensors changed since the training")


def test_a_mode_that_is_none_is_refused_with_those_that_are(copy, encoder):
    card = json.loads((copy / "card.json").read_text())
    (copy / "card.json").write_text(json.dumps({**card, "mode": "half"}))
    refused(copy, encoder, "mode is 'half', expected one of lora, full")

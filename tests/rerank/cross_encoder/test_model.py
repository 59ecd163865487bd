import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from broadsheet.models import loading as models
from broadsheet.models.batching import pad
from broadsheet.rerank import load_cross_encoder
from broadsheet.rerank.cross_encoder.model import CrossEncoder
from broadsheet.rerank.cross_encoder.pair_tokens import encode_pairs
from broadsheet.rerank.cross_encoder.trained import HEAD, load_base, new_cross_encoder, save_cross_encoder
from tests.support.cards import without_hashes
from tests.support.stage_contract import unit
from tests.support.tiny import GLUE, TOPICS

WORDS = [*GLUE, *(word for words in TOPICS.values() for word in words)]
TEXT = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
PAIRS = [("football match ; the coach", "sports: cup"), ("", "science: a new study"), ("ocean " * 40, "politics: law")]
TOLERANCE = 1e-5 if models.pick_dtype(models.pick_device()) == torch.float32 else 2e-2


def changed_cross_encoder(encoder, mode="lora"):
    """A cross-encoder whose adapters, or encoder, and head are no longer those of the beginning."""
    model = new_cross_encoder(str(encoder), mode).eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * (0.05 if name.startswith("bert.") else 0.3))
    return model


def save(model, folder, encoder, mode="lora"):
    save_cross_encoder(model, folder, base=str(encoder), mode=mode, card={"note": "for tests"})


@pytest.fixture(scope="module")
def adapter(encoder, tmp_path_factory):
    """The folder of a trained cross-encoder, and what it said of PAIRS before it was saved."""
    model = changed_cross_encoder(encoder)
    rows = encode_pairs(models.load("AutoTokenizer", str(encoder)), PAIRS, 48)
    with torch.inference_mode():
        expected = model(**pad(rows, 0)).sigmoid().numpy()
    folder = tmp_path_factory.mktemp("adapter") / "reranker"
    save(model, folder, encoder)
    return folder, expected


@pytest.fixture(scope="module")
def score(adapter, encoder):
    return load_cross_encoder(adapter[0], str(encoder), max_tokens=48)


@pytest.fixture
def copy(adapter, tmp_path):
    """A copy of the trained folder, to be damaged."""
    return shutil.copytree(adapter[0], tmp_path / "reranker")


@pytest.fixture(scope="module")
def tokenizer(encoder):
    return models.load("AutoTokenizer", str(encoder))


def test_a_pair_is_two_segments_between_special_tokens(tokenizer):
    (row,) = encode_pairs(tokenizer, [("football match", "sports: cup")], 32)
    tokens = ["[CLS]", "football", "match", "[SEP]", "sports", ":", "cup", "[SEP]"]
    assert tokenizer.convert_ids_to_tokens(row["input_ids"]) == tokens
    assert row["token_type_ids"] == [0, 0, 0, 0, 1, 1, 1, 1]


def test_a_reader_without_history_is_an_empty_segment(tokenizer):
    (row,) = encode_pairs(tokenizer, [("", "cup")], 32)
    assert tokenizer.convert_ids_to_tokens(row["input_ids"]) == ["[CLS]", "[SEP]", "cup", "[SEP]"]


@given(TEXT, TEXT, st.integers(8, 48))
def test_truncation_keeps_the_tokens_within_bounds_and_a_third_of_them_for_the_candidate(
    tokenizer, history, candidate, max_tokens
):
    (row,) = encode_pairs(tokenizer, [(history, candidate)], max_tokens)
    ids, segments = row["input_ids"], row["token_type_ids"]
    assert len(ids) == len(segments) <= max_tokens and segments == sorted(segments)
    kept = ids[segments.index(1) : -1]
    whole = tokenizer(candidate, add_special_tokens=False)["input_ids"]
    assert kept == whole[: len(kept)] and len(kept) >= min(len(whole), max_tokens // 3)
    read = ids[1 : segments.index(1) - 1]
    assert read == tokenizer(history, add_special_tokens=False)["input_ids"][: len(read)]
    if len(ids) < max_tokens:
        assert len(kept) == len(whole) or len(read) >= max_tokens * 2 // 3


def test_what_was_saved_scores_as_it_did_before(score, adapter):
    assert score(PAIRS) == pytest.approx(adapter[1], abs=3e-2)
    assert np.ptp(adapter[1]) > 0.1, "the pairs are told apart, or this test could not fail"


def test_no_pairs_have_no_scores(score):
    assert score([]).shape == (0,)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=10))
def test_a_score_is_a_probability_and_does_not_depend_on_the_pairs_beside_it(score, pairs):
    together = score(pairs)
    assert together.dtype == np.float32 and ((together > 0) & (together < 1)).all()
    alone = np.concatenate([score([pair]) for pair in pairs])
    assert np.abs(together - alone).max() < TOLERANCE


def test_pairs_that_were_scored_are_not_read_again(adapter, encoder, monkeypatch):
    score = load_cross_encoder(adapter[0], str(encoder), max_tokens=48)
    first, read = score([*PAIRS, *PAIRS]), []
    whole = score._score
    monkeypatch.setattr(score, "_score", lambda pairs: read.extend(pairs) or whole(pairs))
    new = ("a new team", "sports: cup")
    assert np.array_equal(score([PAIRS[2], new, PAIRS[0]])[[2, 0]], first[[0, 2]]) and read == [new]
    assert np.array_equal(first[:3], first[3:])


def test_scores_that_no_longer_fit_are_computed_again(adapter, encoder, monkeypatch):
    monkeypatch.setattr("broadsheet.rerank.cross_encoder.model.KEPT_SCORES", 2)
    score = load_cross_encoder(adapter[0], str(encoder), max_tokens=48)
    first = score(PAIRS)
    assert all(np.abs(score([pair]) - expected).max() < TOLERANCE for pair, expected in zip(PAIRS, first, strict=True))
    assert np.abs(score(PAIRS) - first).max() < TOLERANCE


def test_the_arithmetic_names_the_dtypes_that_made_a_score(score, adapter, encoder, monkeypatch):
    products = str(models.pick_dtype(models.pick_device())).removeprefix("torch.")
    assert score.arithmetic.split()[1:] == list(dict.fromkeys(["float32", products]))
    for module in ("model", "trained"):
        monkeypatch.setattr(f"broadsheet.rerank.cross_encoder.{module}.can_forward", lambda bert: False)
    padded = load_cross_encoder(adapter[0], str(encoder), max_tokens=48)
    assert padded.arithmetic.split()[1:] == [products]
    assert np.abs(padded(PAIRS) - score(PAIRS)).max() < 2e-2


def test_eight_threads_get_what_one_gets(score):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda pair: score([pair])[0], PAIRS * 8))
    assert np.abs(np.array(found) - np.tile(score(PAIRS), 8)).max() < TOLERANCE


def test_the_logit_joins_the_cosine_of_the_segments_and_a_layer_over_their_product(encoder, tokenizer):
    model = changed_cross_encoder(encoder)
    (row,) = encode_pairs(tokenizer, [("football match", "sports: cup")], 32)
    with torch.inference_mode():
        states = model.bert(
            input_ids=torch.tensor([row["input_ids"]]), token_type_ids=torch.tensor([row["token_type_ids"]])
        ).last_hidden_state[0].numpy()  # fmt: skip
        found = model(**pad([row], 0)).item()
    product = unit(states[:4].mean(0)) * unit(states[4:].mean(0))  # [CLS] football match [SEP], sports : cup [SEP]
    layer = model.linear.weight[0].detach().numpy()
    expected = model.scale.item() * product.sum() + 10 * (layer * product).sum() + model.offset.item()
    assert found == pytest.approx(expected, abs=1e-4)


def test_an_untrained_head_compares_the_segments(encoder, tokenizer):
    model = CrossEncoder(load_base(str(encoder))).eval()
    rows = encode_pairs(tokenizer, [("cup", "cup"), ("cup", "law")], 32)
    with torch.inference_mode():
        same, other = model(**pad(rows, 0)).tolist()
    assert other < same <= 5 - 1.5


def test_the_fingerprint_names_base_adapter_and_number_of_tokens(encoder, adapter, score, copy):
    (copy / "card.json").write_text((copy / "card.json").read_text() + " ")
    assert load_cross_encoder(copy, str(encoder), max_tokens=48).fingerprint == score.fingerprint
    assert load_cross_encoder(copy, str(encoder), max_tokens=32).fingerprint != score.fingerprint
    head = load_file(without_hashes(copy) / HEAD)
    save_file({**head, "scale": head["scale"] + 1}, copy / HEAD)
    assert load_cross_encoder(copy, str(encoder), max_tokens=48).fingerprint != score.fingerprint


def test_a_whole_encoder_scores_as_it_did_before_it_was_saved(encoder, tmp_path):
    model = changed_cross_encoder(encoder, "full")
    rows = encode_pairs(models.load("AutoTokenizer", str(encoder)), PAIRS, 48)
    with torch.inference_mode():
        expected = model(**pad(rows, 0)).sigmoid().numpy()
    save(model, tmp_path / "whole", encoder, "full")
    assert not (tmp_path / "whole" / "adapter_config.json").exists()
    assert load_cross_encoder(tmp_path / "whole", str(encoder), max_tokens=48)(PAIRS) == pytest.approx(
        expected, abs=2e-2
    )


def test_the_adapter_is_small_and_names_no_path_of_the_machine_but_the_base(adapter, encoder):
    folder, _ = adapter
    assert sum(path.stat().st_size for path in folder.iterdir()) < 4 << 20
    assert sorted(path.name for path in folder.iterdir()) == [
        "adapter_config.json", "adapter_model.safetensors", "card.json", HEAD,
    ]  # fmt: skip
    card = json.loads((folder / "card.json").read_text())
    assert card["base"] == str(encoder) and card["base_fingerprint"] == models.fingerprint(str(encoder))
    assert card["mode"] == "lora" and card["note"] == "for tests"

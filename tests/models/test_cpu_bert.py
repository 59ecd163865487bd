import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

from broadsheet.models import loading as models
from broadsheet.models.cpu_bert import BertForward, EqualTexts, can_forward, mean_of_runs

TOKENS = st.lists(st.integers(1, 40), min_size=1, max_size=30)
DTYPES = [torch.float32, torch.bfloat16]


@pytest.fixture(scope="module", params=DTYPES, ids=str)
def model(request, encoder):
    return models.load_weights("AutoModel", str(encoder), dtype=request.param)


@torch.inference_mode()
def means(forward, texts):
    return mean_of_runs(*forward(texts)).numpy()


@settings(max_examples=15, deadline=None)
@given(st.lists(TOKENS, min_size=1, max_size=8))
def test_states_are_those_of_transformers(model, texts):
    with torch.inference_mode():
        states, runs = BertForward(model)(texts)
        expected = torch.cat([model(torch.tensor([text])).last_hidden_state[0] for text in texts])
    assert sum(run.texts for run in runs) == len(texts) and states.dtype == model.dtype
    scale = expected.abs().max()
    assert (states - expected).abs().max() <= scale * (1e-5 if model.dtype == torch.float32 else 3e-2)


@settings(max_examples=15, deadline=None)
@given(st.lists(TOKENS, min_size=2, max_size=12))
def test_a_texts_mean_is_the_same_to_the_bit_whatever_stands_beside_it(model, texts):
    forward = BertForward(model)
    together = means(forward, texts)
    assert np.array_equal(together, np.concatenate([means(forward, [text]) for text in texts]))
    assert np.array_equal(together, means(forward, texts[::-1])[::-1])


def test_it_is_the_same_to_the_bit_with_one_thread_and_with_two(model):
    texts = [[number % 40 + 1] * (20 + number // 4) for number in range(80)]
    threads = torch.get_num_threads()
    found = []
    for number in (1, 2):
        torch.set_num_threads(number)
        found.append(means(BertForward(model), texts))
    torch.set_num_threads(threads)
    assert np.array_equal(*found)


def test_means_are_taken_over_each_texts_own_tokens():
    states = torch.tensor([[1.0], [3.0], [5.0], [7.0], [10.0]])
    assert mean_of_runs(states, [EqualTexts(2, 2), EqualTexts(1, 1)]).tolist() == [[2.0], [6.0], [10.0]]


def config(**options):
    sizes = {"vocab_size": 40, "hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}
    return BertConfig(num_hidden_layers=1, **sizes, **options)


def test_other_encoders_are_left_to_transformers():
    assert can_forward(BertModel(config()))
    assert not can_forward(BertModel(config(hidden_act="relu")))
    assert not can_forward(BertModel(config(is_decoder=True)))
    assert not can_forward(BertModel(config()).double())
    assert not can_forward(
        DistilBertModel(DistilBertConfig(vocab_size=40, dim=32, n_heads=2, n_layers=1, hidden_dim=64))
    )


def test_an_adapter_that_is_not_merged_is_left_to_transformers():
    from peft import LoraConfig, get_peft_model

    model = BertModel(config())
    adapted = get_peft_model(model, LoraConfig(target_modules=["query"]))
    assert not can_forward(model)
    merged = adapted.merge_and_unload()
    assert can_forward(merged)


@settings(max_examples=15, deadline=None)
@given(st.lists(TOKENS, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_segments_are_bert_token_types(model, texts, random):
    segments = [[random.randint(0, 1) for _ in text] for text in texts]
    with torch.inference_mode():
        states, _ = BertForward(model)(texts, segments)
        expected = torch.cat(
            [
                model(torch.tensor([text]), token_type_ids=torch.tensor([kinds])).last_hidden_state[0]
                for text, kinds in zip(texts, segments, strict=True)
            ]
        )
    assert (states - expected).abs().max() <= expected.abs().max() * (1e-5 if model.dtype == torch.float32 else 3e-2)


def test_it_goes_without_onednn_too(model, monkeypatch):
    texts = [[7, 8, 9], [7, 8, 9], [10]]
    expected = means(BertForward(model), texts)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert np.abs(means(BertForward(model), texts) - expected).max() < (1e-5 if model.dtype == torch.float32 else 5e-2)


def test_states_of_float32_between_products_of_bfloat16_are_nearer_to_those_of_float32(encoder):
    texts = [[number % 40 + 1] * (3 + number // 8) for number in range(40)]
    wide, narrow = (models.load_weights("AutoModel", str(encoder), dtype=dtype) for dtype in DTYPES)
    exact = means(BertForward(wide), texts)
    mixed, rounded = means(BertForward(wide, torch.bfloat16), texts), means(BertForward(narrow), texts)
    assert 0 < np.abs(mixed - exact).mean() < 0.7 * np.abs(rounded - exact).mean()

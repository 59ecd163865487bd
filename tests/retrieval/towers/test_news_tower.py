import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.config.retrieval import Prefixes
from broadsheet.errors import ConfigError
from broadsheet.models import loading as models
from broadsheet.models.sentence_recipe import SentenceRecipe
from broadsheet.retrieval.towers.news_tower import NewsTower, load_news_tower
from broadsheet.retrieval.towers.trained import MODES, load_trained_news_tower, save_towers
from tests.models.test_sentence_recipe import write_recipe
from tests.retrieval.towers.test_trained import trained
from tests.support.tiny import GLUE, TOPICS

WORDS = [*GLUE, *(word for words in TOPICS.values() for word in words)]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=40).map(" ".join), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def tower(encoder):
    """The tiny tower in float32 on the CPU."""
    model = models.load_weights("AutoModel", str(encoder), dtype=torch.float32)
    return NewsTower(model, models.load("AutoTokenizer", str(encoder)), max_tokens=24, fingerprint="tiny")


def test_a_vector_is_the_normalised_mean_of_the_states_of_the_texts_tokens(tower, encoder):
    model = models.load_weights("AutoModel", str(encoder), dtype=torch.float32)
    tokens = models.load("AutoTokenizer", str(encoder))(["The coach wins"], return_tensors="pt")
    with torch.inference_mode():
        mean = model(**tokens).last_hidden_state[0].mean(0)
    assert tower(["a", "The coach wins"])[1] == pytest.approx((mean / mean.norm()).numpy(), abs=1e-6)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
def test_a_vector_has_unit_length_and_does_not_depend_on_the_texts_beside_it(tower, texts):
    together = tower(texts)
    assert together.shape == (len(texts), tower.dim) and together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
    alone = np.concatenate([tower([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-6


def test_texts_of_one_topic_are_nearer_than_those_of_two(tower):
    match, coach, senate = tower(["football match", "team coach", "senate election"])
    assert match @ coach > match @ senate


def test_no_texts_give_no_vectors(tower):
    assert tower([]).shape == (0, 32)


def test_what_lies_beyond_the_tokens_is_not_read(tower):
    head = " ".join(["football"] * 22)  # with [CLS] and [SEP] 24 tokens
    assert np.array_equal(tower([head])[0], tower([head + " senate"])[0])
    assert not np.allclose(tower([head])[0], tower(["senate " + head])[0])


def test_the_fingerprint_names_model_and_number_of_tokens(encoder):
    names = [load_news_tower(str(encoder), max_tokens=tokens).fingerprint for tokens in (16, 16, 24)]
    assert names[0] == names[1] != names[2]


def test_more_tokens_than_the_encoder_reads_are_one_clear_error(encoder):
    with pytest.raises(ConfigError, match=r"retrieval.max_tokens: found 129, expected at most 128"):
        load_news_tower(str(encoder), max_tokens=129)


def test_the_loaded_tower_agrees_with_float32_within_its_dtype(tower, encoder):
    loaded = load_news_tower(str(encoder), max_tokens=24)
    texts = ["The coach says", "A new law of the senate", "ocean"]
    assert np.abs(loaded(texts) - tower(texts)).max() < 2e-2


def test_eight_threads_get_what_one_gets(tower):
    texts = [" ".join(WORDS[start : start + 1 + start % 7]) for start in range(16)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: tower([text])[0], texts * 4))
    assert np.abs(np.array(found) - np.tile(tower(texts), (4, 1))).max() < 1e-6


def test_a_long_call_gives_the_vectors_of_short_ones_to_the_bit_and_leaves_torchs_threads_alone(encoder):
    tower = load_news_tower(str(encoder), max_tokens=24)
    texts = [" ".join(WORDS[start % 20 : start % 20 + 1 + start % 17]) for start in range(300)]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    two = load_news_tower(str(encoder), max_tokens=24)
    found = two(texts)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(threads)
    assert np.array_equal(found, np.concatenate([tower(texts[start : start + 7]) for start in range(0, 300, 7)]))


def test_an_encoder_that_is_no_plain_bert_goes_through_transformers(encoder):
    from transformers import DistilBertConfig, DistilBertModel

    tokenizer = models.load("AutoTokenizer", str(encoder))
    torch.manual_seed(0)
    config = DistilBertConfig(vocab_size=len(tokenizer), dim=32, n_heads=2, n_layers=1, hidden_dim=64)
    model = DistilBertModel(config).eval()
    tower = NewsTower(model, tokenizer, max_tokens=24, fingerprint="distil")
    with torch.inference_mode():
        mean = model(**tokenizer(["The coach wins"], return_tensors="pt")).last_hidden_state[0].mean(0)
    assert tower(["a match", "The coach wins"])[1] == pytest.approx((mean / mean.norm()).numpy(), abs=1e-6)


def test_an_encoder_that_asks_for_its_first_token_and_a_prefix_gets_them(encoder, tmp_path):
    folder = shutil.copytree(encoder, tmp_path / "cls")
    by_mean = load_news_tower(str(folder), max_tokens=24)
    write_recipe(folder, {"pooling_mode_cls_token": True}, {"prompts": {"passage": "new "}})
    tower = load_news_tower(str(folder), max_tokens=24)
    tokenizer, model = models.load("AutoTokenizer", str(folder)), models.load_weights("AutoModel", str(folder))
    with torch.inference_mode():
        first = model(**tokenizer(["new the coach wins"], return_tensors="pt")).last_hidden_state[0, 0]
    found = tower(["a match", "the coach wins"])[1]
    assert found == pytest.approx((first / first.norm()).numpy(), abs=2e-2)  # bfloat16 on some machines
    assert not np.allclose(found, by_mean(["the coach wins"])[0], atol=5e-2)
    assert tower.fingerprint != by_mean.fingerprint


def test_the_first_token_is_taken_in_padded_batches_too(encoder):
    from transformers import DistilBertConfig, DistilBertModel

    tokenizer = models.load("AutoTokenizer", str(encoder))
    torch.manual_seed(0)
    config = DistilBertConfig(vocab_size=len(tokenizer), dim=32, n_heads=2, n_layers=1, hidden_dim=64)
    model = DistilBertModel(config).eval()
    tower = NewsTower(model, tokenizer, max_tokens=24, fingerprint="distil", recipe=SentenceRecipe("cls"))
    with torch.inference_mode():
        first = model(**tokenizer(["The coach wins"], return_tensors="pt")).last_hidden_state[0, 0]
    assert tower(["a match of the cup", "The coach wins"])[1] == pytest.approx((first / first.norm()).numpy(), abs=1e-6)


def test_a_query_and_an_article_have_prefixes_of_their_own_which_a_setting_changes(encoder, tower):
    asked = Prefixes(query="new ", passage="says ")
    made = load_news_tower(str(encoder), max_tokens=24, prefixes=asked)
    assert made(["the coach"])[0] == pytest.approx(tower(["says the coach"])[0], abs=2e-2)
    assert made.queries(["the coach"])[0] == pytest.approx(tower(["new the coach"])[0], abs=2e-2)
    plain = load_news_tower(str(encoder), max_tokens=24)
    assert np.array_equal(plain.queries(["the coach"]), plain(["the coach"]))
    of_query = load_news_tower(str(encoder), max_tokens=24, prefixes=Prefixes(query="new "))
    assert len({made.fingerprint, plain.fingerprint, of_query.fingerprint}) == 3


def test_a_centre_is_taken_off_the_unit_vectors_of_articles_and_another_off_those_of_queries(encoder):
    plain = load_news_tower(str(encoder), max_tokens=24, recipe=SentenceRecipe())
    centre, of_queries = np.full(32, 0.1), np.linspace(-0.2, 0.2, 32)
    recipe = SentenceRecipe(centre=tuple(centre), query_centre=tuple(of_queries))
    tower = load_news_tower(str(encoder), max_tokens=24, recipe=recipe)
    (vector,) = plain(["the coach"])
    for found, less in ((tower(["the coach"])[0], centre), (tower.queries(["the coach"])[0], of_queries)):
        assert found == pytest.approx((vector - less) / np.linalg.norm(vector - less), abs=1e-6)
    assert tower.queries([]).shape == (0, 32)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "frozen"])
def test_towers_that_learned_keep_the_prefixes_and_the_centre_of_their_base(encoder, tmp_path, mode):
    base = shutil.copytree(encoder, tmp_path / "base")
    prompts = {"query": "new ", "passage": "says "}
    (base / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    (base / "centre.json").write_text(json.dumps({"query": [0.0] * 32, "passage": [0.125] * 32}))
    save_towers(trained(base, mode), tmp_path / "own", mode=mode, base=str(base), card={})
    tower = load_trained_news_tower(tmp_path / "own", str(base), max_tokens=16)
    tokens = models.load("AutoTokenizer", str(base))(["says football", "new football"], return_tensors="pt")
    model = trained(base, mode)
    with torch.inference_mode():
        query = model._encode(tokens["input_ids"][1:], tokens["attention_mask"][1:])[0]
        model.centre = torch.full((32,), 0.125)
        passage = model._encode(tokens["input_ids"][:1], tokens["attention_mask"][:1])[0]
    rounding = 2e-2 if models.pick_dtype(models.pick_device()) == torch.bfloat16 else 5e-3
    assert np.allclose(tower(["football"])[0], passage.numpy(), atol=rounding)
    assert np.allclose(tower.queries(["football"])[0], query.numpy(), atol=rounding)

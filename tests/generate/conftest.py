"""Tiny real writers, and a small table of articles written for these tests."""

import hashlib

import pyarrow as pa
import pytest

from broadsheet.generate.writers.endpoint import writer as endpoint
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import NEWS, RANKED

CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ARTICLES = [
    (
        "n1",
        "Arsenal beat Chelsea in cup final",
        "Two late goals decide it.",
        "Arsenal beat Chelsea 3-1 in the cup final at Wembley on Saturday. Two late goals by Anna Berg decided the "
        "match in front of 80,000 people. The coach did not speak after the match.",
    ),
    (
        "n2",
        "Veltra to close plant",
        "",
        "Shares in carmaker Veltra fell 6 percent on Monday after the company said it would close its plant in "
        "Ghent. "
        "The closure will cost 2,300 jobs. Unions may strike next week.",
    ),
    ("n3", "A title alone", "", ""),
]


@pytest.fixture(autouse=True)
def one_thread():
    """A tiny model is faster without a second thread to wait for."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """What failed is tried again at once."""
    monkeypatch.setattr(endpoint, "FIRST_WAIT", 0.01)


@pytest.fixture
def news() -> pa.Table:
    rest = {"category": "", "subcategory": "", "language": "en", "source": "", "url": ""}
    rows = []
    for news_id, title, abstract, body in ARTICLES:
        content = hashlib.sha256(f"{title}{abstract}{body}".encode()).hexdigest()[:16]
        rows.append({"news_id": news_id, "title": title, "abstract": abstract, "body": body, "content_hash": content})
    return from_rows([row | rest for row in rows], NEWS)


def rank(*lists: tuple[str, list[str]]) -> pa.Table:
    rows = [
        {"user_id": user_id, "news_id": news_id, "rank": place, "score": 1.0, "fused": 1.0, "reason": ""}
        for user_id, ids in lists
        for place, news_id in enumerate(ids, 1)
    ]
    return from_rows(rows, RANKED)


@pytest.fixture
def ranked() -> pa.Table:
    return rank(("u2", ["n2", "n1"]), ("u1", ["n1", "n3", "n2"]))


def make_tokenizer(*, t5: bool):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    specials = ["<pad>", "</s>", "<|im_start|>", "<|im_end|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*specials, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if t5:
        tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    end = "</s>" if t5 else "<|im_end|>"
    names = {"additional_special_tokens": ["<|im_start|>", "<|im_end|>"], "pad_token": "<pad>", "eos_token": end}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=None if t5 else CHAT, **names)


@pytest.fixture(scope="session")
def gpt(tmp_path_factory):
    """The folder of a Llama of two layers with random weights and a chat template."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("gpt")
    tokenizer = make_tokenizer(t5=False)
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    LlamaForCausalLM(
        LlamaConfig(**shape, vocab_size=len(tokenizer), max_position_embeddings=320, eos_token_id=3, pad_token_id=0)
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def t5(tmp_path_factory):
    """The folder of a T5 of two layers with random weights."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("t5")
    tokenizer = make_tokenizer(t5=True)
    torch.manual_seed(0)
    shape = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2}
    ends = {"eos_token_id": 1, "pad_token_id": 0, "decoder_start_token_id": 0}
    T5ForConditionalGeneration(T5Config(**shape, **ends, vocab_size=len(tokenizer))).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder

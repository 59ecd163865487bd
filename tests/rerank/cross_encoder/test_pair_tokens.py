from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers import models as tokenizer_models
from transformers import PreTrainedTokenizerFast

from broadsheet.models import loading as models
from broadsheet.rerank.cross_encoder import pair_tokens
from broadsheet.rerank.cross_encoder.pair_tokens import HEADLINE_MARK, PairTokenizer, encode_pairs, splits_at_spaces
from tests.support.tiny import GLUE, TOPICS

WORDS = [*GLUE, *(word for words in TOPICS.values() for word in words), ";", ":", "[SEP]", "é", " ", "unknown;word"]
TITLE = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=12)
HISTORY = st.lists(TITLE, max_size=4).map(HEADLINE_MARK.join)
PAIRS = st.lists(st.tuples(HISTORY, TITLE), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def tokenizer(encoder):
    return models.load("AutoTokenizer", str(encoder))


def columns(tokenize, pairs):
    return [{"input_ids": row.ids, "token_type_ids": row.segments} for row in tokenize(pairs)]


@given(PAIRS, PAIRS, st.integers(8, 48))
def test_kept_tokens_are_those_of_the_whole_pair(tokenizer, first, second, max_tokens):
    tokenize = PairTokenizer(tokenizer, max_tokens)
    for pairs in (first, second, [*second, *first]):
        assert columns(tokenize, pairs) == encode_pairs(tokenizer, pairs, max_tokens)


def test_a_text_is_tokenised_once(tokenizer):
    asked = []

    class Counting:
        backend_tokenizer = tokenizer.backend_tokenizer
        cls_token_id, sep_token_id = tokenizer.cls_token_id, tokenizer.sep_token_id

        def __call__(self, texts, **options):
            asked.extend(texts)
            return tokenizer(texts, **options)

    tokenize = PairTokenizer(Counting(), 48)
    tokenize([("goal ; cup", "sports: match"), ("cup ; law", "sports: match"), ("goal", "politics: law")])
    tokenize([("law ; goal", "sports: match")])
    assert sorted(asked) == sorted({"goal", "cup", "law", "sports: match", "politics: law", HEADLINE_MARK})


@given(pairs=st.lists(PAIRS, max_size=6))
def test_few_texts_are_kept_and_all_are_right(tokenizer, pairs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair_tokens, "KEPT_TEXTS", 4)
        tokenize = PairTokenizer(tokenizer, 32)
        for part in pairs:
            assert columns(tokenize, part) == encode_pairs(tokenizer, part, 32)


def test_a_tokenizer_that_reads_across_spaces_gets_the_whole_text():
    whole = Tokenizer(tokenizer_models.WordLevel({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "goal ; cup": 3}, "[UNK]"))
    whole.pre_tokenizer = pre_tokenizers.Sequence([])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=whole, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", pad_token="[SEP]"
    )
    assert not splits_at_spaces(tokenizer)
    (row,) = PairTokenizer(tokenizer, 16)([("goal ; cup", "goal ; cup")])
    assert row.ids == [1, 3, 2, 3, 2] and row.segments == [0, 0, 0, 1, 1]


def test_eight_threads_get_what_one_gets(tokenizer):
    pairs = [(f"goal {word} ; cup", f"sports: {word}") for word in WORDS]
    tokenize = PairTokenizer(tokenizer, 24)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda pair: columns(tokenize, [pair])[0], pairs * 8))
    assert found == encode_pairs(tokenizer, pairs, 24) * 8


def test_no_pairs_have_no_tokens(tokenizer):
    assert PairTokenizer(tokenizer, 24)([]) == []

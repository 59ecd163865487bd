import random

import pytest

from broadsheet.models import loading as models
from broadsheet.retrieval.training.article_tokens import ArticleTokens
from tests.support.stage_contract import news_table

TITLES = ["football match", "election", "space rocket planet cell"]
ABSTRACTS = ["the coach of the team", "", "a study of the ocean and the lab and the cell and energy for a new planet"]
CATEGORIES = ["sports", "politics", "science"]


@pytest.fixture(scope="module")
def tokenizer(encoder):
    return models.load("AutoTokenizer", str(encoder))


def reader(tokenizer, *, max_tokens=32, text_drop=0.0):
    news = news_table(3, title=TITLES, abstract=ABSTRACTS, category=CATEGORIES)
    return ArticleTokens(news, tokenizer, max_tokens=max_tokens, text_drop=text_drop)


def texts(tokenizer, batches):
    """What the encoder reads, by place."""
    found = {}
    for batch in batches:
        for place, ids, mask in zip(batch["places"].tolist(), batch["input_ids"], batch["attention_mask"], strict=True):
            assert not ids[mask == 0].any(), "padding"
            found[place] = tokenizer.decode(ids[mask == 1], skip_special_tokens=True)
    return [found[place] for place in sorted(found)]


def test_articles_are_read_as_serving_reads_them_whatever_their_order(tokenizer):
    read = texts(tokenizer, reader(tokenizer)([1, 2, 0, 1]))
    assert read[0] == read[3] == "election . politics"
    assert read[2] == "football match . the coach of the team . sports"
    assert read[1].startswith("space rocket planet cell . a study of the ocean")


def test_batches_are_of_one_padded_length_and_hold_each_place_once(tokenizer):
    batches = reader(tokenizer)([0, 1, 2, 0, 1, 2])
    assert sorted(place for batch in batches for place in batch["places"].tolist()) == list(range(6))
    assert [batch["input_ids"].shape for batch in batches] == [(2, 32), (2, 16), (2, 8)], "longest first"


def test_a_long_article_is_cut(tokenizer):
    (batch,) = reader(tokenizer, max_tokens=8)([2])
    assert batch["input_ids"].shape == (1, 8) and batch["input_ids"][0, -1] == tokenizer.sep_token_id


def test_with_text_left_out_an_article_is_its_title_or_its_abstract(tokenizer):
    random.seed(0)
    read = {text for _ in range(30) for text in texts(tokenizer, reader(tokenizer, text_drop=1.0)([0]))}
    assert read == {"football match . sports", "the coach of the team . sports"}
    assert texts(tokenizer, reader(tokenizer, text_drop=1.0)([1])) == ["election . politics"], "it has no other text"


def test_the_seed_decides_what_is_left_out(tokenizer):
    drawn = []
    for seed in (1, 1, 2):
        random.seed(seed)
        drawn.append(texts(tokenizer, reader(tokenizer, text_drop=0.5)([0] * 20)))
    assert drawn[0] == drawn[1] != drawn[2]


def test_no_articles_are_no_batches(tokenizer):
    assert reader(tokenizer)([]) == []


def test_the_encoders_prefix_stands_before_each_article(tokenizer):
    news = news_table(3, title=TITLES, abstract=ABSTRACTS, category=CATEGORIES)
    made = ArticleTokens(news, tokenizer, max_tokens=32, text_drop=0.0, prefix="new ")
    assert texts(tokenizer, made([1])) == ["new election . politics"]

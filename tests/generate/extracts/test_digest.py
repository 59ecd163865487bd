import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.generate import check_digest, digest
from broadsheet.generate.extracts.digest import PARTS
from broadsheet.generate.extracts.digest_sentences import article_sentences
from broadsheet.generate.text.articles import whole_text
from broadsheet.generate.text.words import count
from tests.generate.events import BROWN, BUILT, CHURCH, CROYLE, FAILED, LEFT, RAIN, Encoder, article, vectors_of


def made(*articles, encode=None, **options):
    return digest(articles, vectors_of(articles), encode or Encoder(), **options)


def said(found):
    return [(one.part, one.text, one.news_ids) for one in found.sentences]


def test_a_digest_has_three_parts_in_order_each_sentence_with_its_article():
    found = made(article(1, FAILED, LEFT), article(2, CROYLE, LEFT, RAIN, BROWN), article(3, RAIN, BUILT))
    assert said(found) == [
        ("happened", FAILED, ("N1",)),
        ("happened", LEFT, ("N1", "N2")),
        ("says", CROYLE, ("N2",)),
        ("says", BROWN, ("N2",)),
        ("background", BUILT, ("N3",)),
    ]
    assert found.news_ids == ("N1", "N2", "N3")


def test_what_an_older_article_led_with_is_background():
    found = made(article(1, FAILED), article(2, RAIN, hours=13))
    assert said(found) == [("happened", FAILED, ("N1",)), ("background", RAIN, ("N2",))]
    found = made(article(1, FAILED), article(2, RAIN, hours=12))
    assert [part for part, _, _ in said(found)] == ["happened", "happened"]


def test_the_sentences_nearest_to_the_articles_are_chosen():
    near = {FAILED: 0.6, LEFT: 0.9, RAIN: 0.8}
    found = made(article(1, FAILED, RAIN), article(2, LEFT, BROWN), encode=Encoder(near))
    assert [text for part, text, _ in said(found) if part == "happened"] == [LEFT, RAIN]


def test_nothing_is_said_twice():
    again = "Days of rain have broken the Oroville dam."
    encode = Encoder({FAILED: 0.7, again: 0.7}, same={again: FAILED})
    found = made(article(1, FAILED), article(2, again, LEFT, RAIN), encode=encode)
    assert [text for _, text, _ in said(found)] == [FAILED, LEFT]
    longer = FAILED.replace("after days", "after many days")
    assert made(article(1, FAILED), article(2, longer)) is None


def test_a_speaker_is_heard_once_and_one_who_is_not_named_is_not_heard():
    more = "“Nobody should go back before Thursday at the earliest,” Mr Croyle said."
    he = "“Nobody may go back before Thursday at the earliest,” he said."
    found = made(article(1, FAILED, LEFT, RAIN, more), article(2, CROYLE, he, LEFT, BROWN))
    assert [text for part, text, _ in said(found) if part == "says"] == [CROYLE, BROWN]


def test_at_most_two_sentences_come_of_one_article():
    found = made(article(1, FAILED, LEFT, RAIN, BROWN, BUILT), article(2, CROYLE))
    assert [text for _, text, _ in said(found)] == [FAILED, LEFT, CROYLE]


def test_what_does_not_stand_alone_or_speaks_as_i_is_left_out():
    found = article_sentences(
        [article(1, "He left the town on Sunday evening.", "I saw the water come over the road.", RAIN)]
    )
    assert [sentence.text for sentence in found] == [RAIN]


@pytest.mark.parametrize(
    "articles",
    [
        (),
        (article(1, FAILED, LEFT, BROWN),),
        (article(1, FAILED, LEFT), article(2, "Nothing of this stands alone here?")),
        (article(1, FAILED), article(2, FAILED)),
        (article(1, CROYLE), article(2, f"“It will hold,” the Governor said. {BUILT}")),
    ],
    ids=["no article", "one article", "all of one article", "one sentence of two", "nothing happened"],
)
def test_there_is_no_digest_of_less_than_two_articles_that_have_something_to_say(articles):
    assert made(*articles) is None


def test_a_digest_keeps_within_its_words():
    articles = article(1, FAILED, LEFT), article(2, CROYLE, LEFT, RAIN, BROWN), article(3, RAIN, BUILT)
    whole = made(*articles, most_words=120)
    assert sum(count(one.text) for one in whole.sentences) == 67
    assert [one.part for one in made(*articles, most_words=60).sentences] == [
        "happened",
        "happened",
        "says",
        "background",
    ]
    assert made(*articles, most_words=18) is None


SENTENCES = st.lists(st.sampled_from([FAILED, LEFT, CROYLE, BROWN, CHURCH, BUILT, RAIN]), min_size=1, max_size=6)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(SENTENCES, st.integers(0, 60)), min_size=0, max_size=5),
    st.lists(st.floats(0.1, 0.99), min_size=7, max_size=7),
    st.integers(10, 150),
)
def test_any_digest_is_word_for_word_cited_within_its_words_and_passes_the_gate(bodies, near, words):
    articles = [article(number, *body, hours=hours) for number, (body, hours) in enumerate(bodies)]
    sentences = [FAILED, LEFT, CROYLE, BROWN, CHURCH, BUILT, RAIN]
    found = made(*articles, encode=Encoder(dict(zip(sentences, near, strict=True))), most_words=words)
    if found is None:
        return
    by_id = {one["news_id"]: one for one in articles}
    texts = [one.text for one in found.sentences]
    assert len(set(texts)) == len(texts) > 1 and sum(map(count, texts)) <= words
    assert [PARTS.index(one.part) for one in found.sentences] == sorted(
        PARTS.index(one.part) for one in found.sentences
    )
    for one in found.sentences:
        assert one.news_ids and all(one.text in by_id[news_id]["body"] for news_id in one.news_ids)
        assert not check_digest(one.text, [whole_text(by_id[news_id]) for news_id in one.news_ids])
    assert len({news_id for one in found.sentences for news_id in one.news_ids}) > 1


def test_articles_without_a_sentence_are_no_digest_and_nothing_is_changed():
    articles = [article(1), article(2)]
    vectors = vectors_of(articles)
    before = [dict(one) for one in articles], vectors.copy()
    assert digest(articles, vectors, Encoder()) is None
    assert articles == before[0] and np.array_equal(vectors, before[1])

import pytest

from broadsheet.rerank.reasons.sentences import (
    LANGUAGES,
    Evidence,
    known_sentences,
    language_of,
    named_in,
    sentences_of,
    with_own_reasons,
)
from broadsheet.tables.schemas import SIGNALS

ALL = Evidence("Cup final", "chess", "Ann", "sports", "golf", "Daily", "1 May 2024")
ENGLISH = sentences_of(language_of("en"))


def first_reason(signal, evidence):
    found = known_sentences(ENGLISH[signal], evidence)
    return next((sentence.format_map(evidence._asdict()) for _, sentence in found), None)


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        ("relevance", "Because you read “Cup final”."),
        ("two_tower", "Because you read “Cup final”."),
        ("affinity", "Because you often read “sports”."),
        ("subcategory_affinity", "Because you often read “golf”."),
        ("source_affinity", "Because you often read Daily."),
        ("popularity", "Because many readers opened it lately."),
        ("freshness", "Because it is new: published on 1 May 2024."),
    ],
)
def test_each_signal_has_its_sentence(signal, reason):
    assert first_reason(signal, ALL) == reason


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_sentences_for_the_same_signals_that_name_the_same(code):
    found = sentences_of(LANGUAGES[code])
    assert set(found) == set(SIGNALS)
    for signal, sentences in found.items():
        assert [{*named_in(one)} for one in sentences] == [{*named_in(one)} for one in ENGLISH[signal]]
        assert {name for one in sentences for name in named_in(one)} <= {*Evidence._fields}


@pytest.mark.parametrize("signal", SIGNALS)
def test_no_reason_claims_what_there_is_no_evidence_for(signal):
    assert all(not named_in(sentence) for _, sentence in known_sentences(ENGLISH[signal], Evidence()))


def test_braces_in_an_articles_title_stay_as_they_are():
    assert first_reason("two_tower", Evidence(title="{day} of {0}")) == "Because you read “{day} of {0}”."


def test_a_section_is_a_name_in_the_spelling_of_the_page_and_no_word_of_the_sentence():
    assert first_reason("freshness", Evidence(category="us")) == "Because it is new in “us”."


def test_a_signal_of_the_site_without_a_sentence_gets_a_plain_one_in_the_language():
    found = with_own_reasons(language_of("da"), {"long_read": "", "near": "Because it is near."})
    assert found["long_read"] == ("På grund af dette websteds »long read«.",)
    assert found["near"][0] == "Because it is near."

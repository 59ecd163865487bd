from dataclasses import fields, replace

import pytest

from broadsheet.rerank.reasons import MAX_PROFILE, Evidence, named_in, write_reason
from broadsheet.rerank.signals import REASONS, SIGNALS

ALL = Evidence(
    title="Cup final", profile="chess", category="sports", subcategory="golf", source="Daily", day="1 May 2024"
)
NOTHING = Evidence()


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        ("relevance", "Because you read “Cup final”."),
        ("two_tower", "Because you read “Cup final”."),
        ("affinity", "Because you often read sports."),
        ("subcategory_affinity", "Because you often read golf."),
        ("source_affinity", "Because you often read Daily."),
        ("popularity", "Because many readers opened it lately."),
        ("freshness", "Because it is new: published on 1 May 2024."),
        ("", "To widen the page: sports."),
    ],
)
def test_each_signal_has_its_sentence(signal, reason):
    assert write_reason(signal, ALL) == reason


@pytest.mark.parametrize("signal", ["relevance", "two_tower"])
def test_without_a_history_article_the_readers_own_words_are_named(signal):
    spoken = replace(ALL, title="", profile="chess\n and  go")
    assert write_reason(signal, spoken) == "Because you asked for “chess and go”."


def test_long_words_of_the_reader_are_cut_between_words():
    text = write_reason("two_tower", Evidence(profile="space " * 50))
    quoted = text.removeprefix("Because you asked for “").removesuffix("”.")
    assert quoted.endswith("space…") and len(quoted) <= MAX_PROFILE


@pytest.mark.parametrize("signal", [*(name for name in SIGNALS if any(map(named_in, REASONS[name]))), ""])
def test_no_reason_claims_what_there_is_no_evidence_for(signal):
    assert write_reason(signal, NOTHING) == "To widen the page."


def test_an_item_that_no_signal_lifted_is_not_called_new():
    assert "new" not in write_reason("", ALL)


def test_every_signal_has_sentences_that_name_only_evidence():
    assert set(REASONS) == set(SIGNALS)
    named = {name for sentences in REASONS.values() for sentence in sentences for name in named_in(sentence)}
    assert named <= {field.name for field in fields(Evidence)}


def test_braces_in_an_articles_title_stay_as_they_are():
    assert write_reason("two_tower", Evidence(title="{day} of {0}")) == "Because you read “{day} of {0}”."

from collections import Counter

import numpy as np
import pytest

from broadsheet.rerank.reasons import (
    MAX_PROFILE,
    WIDENING,
    Evidence,
    Explainer,
    Places,
    known_sentences,
    named_in,
    spoken_words,
    true_signals,
)
from broadsheet.rerank.signals import REASONS, SIGNALS
from tests.support.stage_contract import catalogue_of, hours

ALL = Evidence(
    title="Cup final", profile="chess", category="sports", subcategory="golf", source="Daily", day="1 May 2024"
)
NOTHING = Evidence()


def first_reason(signal, evidence):
    sentences = REASONS[signal] if signal else WIDENING
    return next((sentence.format_map(evidence._asdict()) for _, sentence in known_sentences(sentences, evidence)), None)


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
        ("", "To widen the page: “sports”."),
    ],
)
def test_each_signal_has_its_sentence(signal, reason):
    assert first_reason(signal, ALL) == reason


@pytest.mark.parametrize("signal", ["relevance", "two_tower"])
def test_without_a_history_article_the_readers_own_words_are_named(signal):
    spoken = ALL._replace(title="", profile=spoken_words("chess\n and  go"))
    assert first_reason(signal, spoken) == "Because you asked for “chess and go”."


def test_long_words_of_the_reader_are_cut_between_words():
    text = first_reason("two_tower", Evidence(profile=spoken_words("space " * 50)))
    quoted = text.removeprefix("Because you asked for “").removesuffix("”.")
    assert quoted.endswith("space…") and len(quoted) <= MAX_PROFILE


@pytest.mark.parametrize("signal", [*(name for name in SIGNALS if any(map(named_in, REASONS[name]))), ""])
def test_no_reason_claims_what_there_is_no_evidence_for(signal):
    assert all(not named_in(sentence) for _, sentence in known_sentences(REASONS.get(signal, WIDENING), NOTHING))


def signals_of(lifts, *, new):
    (found,) = true_signals({name: np.array([lift]) for name, lift in lifts.items()}, np.array([new]))
    return found


def test_personal_reasons_come_first_then_what_others_do_then_age():
    lifts = {"freshness": 0.5, "popularity": 0.4, "trend": 0.3, "affinity": 0.1, "two_tower": 0.2, "relevance": -0.1}
    lifts["click_rate"] = 0.01  # less than a tenth of the largest lift: nobody would notice it
    assert signals_of(lifts, new=True) == ["two_tower", "affinity", "popularity", "trend", "freshness"]
    assert signals_of(lifts, new=False) == ["two_tower", "affinity", "popularity", "trend"]
    assert signals_of({"popularity": 0.0}, new=False) == [] and signals_of({}, new=True) == ["freshness"]


def test_the_signals_of_many_items_are_those_of_each():
    lifts = {"popularity": np.array([0.4, 0.0, 0.1]), "two_tower": np.array([0.0, 0.2, 0.1])}
    found = true_signals(lifts, np.array([False, True, False]))
    assert found == [["popularity"], ["two_tower", "freshness"], ["two_tower", "popularity"]]


CATALOGUE = catalogue_of(
    np.eye(13),
    category=["sports", "science", "politics"] * 4 + [""],
    source=["Daily", "Weekly"] * 6 + [""],
    published_at=[hours(-n) for n in range(13)],
)


def reasons(*, history=(), profile="", new=True, **lifts):
    """The reasons of a page of all articles, each lifted by the same signals."""
    parts = {name: np.full(13, lift) for name, lift in lifts.items()}
    nearest = np.resize(np.array(history or [-1], np.int64), 13)
    places = Places(np.arange(13), np.full(13, new), np.zeros(13, np.bool_), nearest)
    because, found = Explainer(CATALOGUE, REASONS)(places, parts, [(13, profile)])
    assert [one >= 0 for one in because] == ["you read" in reason for reason in found]
    return found


def alike(reason):
    return reason.split(": published on")[0]


@pytest.mark.parametrize(
    "page",
    [
        {"history": [12], "two_tower": 0.5, "affinity": 0.2, "popularity": 0.3},
        {"profile": "chess", "two_tower": 0.5},
        {"new": True, "freshness": 0.5, "popularity": 0.2},
        {"new": True, "freshness": 0.5},
    ],
)
def test_at_most_a_third_of_a_page_has_the_same_reason_however_long_the_page(page):
    found = reasons(**page)
    for k in range(3, 13):
        assert max(Counter(map(alike, found[:k])).values()) <= k / 3


def test_the_next_true_reason_stands_where_the_first_was_given_too_often():
    found = reasons(history=[12], two_tower=0.5, popularity=0.2)
    assert found[:4] == [
        "Because you read “Title 12”.",
        "Because many readers opened it lately.",
        "Because it is much read in “politics”.",
        "Because it is much read in “sports”.",
    ]
    assert found[5] == "Because you read “Title 12”."


def test_a_reader_with_a_history_is_not_told_of_words_that_were_not_what_counted():
    assert not any("asked" in reason for reason in reasons(history=[12], profile="chess", two_tower=0.5))


def test_where_only_one_reason_is_true_it_is_given_again_rather_than_an_untrue_one():
    assert set(reasons(new=False, click_rate=0.5)) == {"Because many who saw it opened it."}
    widened = reasons(new=False)
    assert widened[0] == "To widen the page: “sports”." and not any("new" in reason for reason in widened)


def test_every_signal_has_sentences_that_name_only_evidence():
    assert set(REASONS) == set(SIGNALS)
    named = {name for sentences in REASONS.values() for sentence in sentences for name in named_in(sentence)}
    assert named <= {*Evidence._fields}


def test_braces_in_an_articles_title_stay_as_they_are():
    assert first_reason("two_tower", Evidence(title="{day} of {0}")) == "Because you read “{day} of {0}”."


def test_a_section_is_a_name_in_the_spelling_of_the_page_and_no_word_of_the_sentence():
    assert first_reason("freshness", Evidence(category="us")) == "Because it is new in “us”."

import pytest

from broadsheet.rerank.reasons import MAX_PROFILE, Evidence, write_reason
from tests.support.stage_contract import NOON

ALL = Evidence(
    title="Cup final", profile="chess", category="sports", subcategory="golf", source="Daily", published_at=NOON
)
NOTHING = Evidence(title="", profile="", category="", subcategory="", source="", published_at=None)


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        ("relevance", "Because you read “Cup final”."),
        ("tower", "Because you read “Cup final”."),
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


@pytest.mark.parametrize("signal", ["relevance", "tower"])
def test_without_a_history_article_the_readers_own_words_are_named(signal):
    spoken = Evidence(
        title="", profile="chess\n and  go", category="sports", subcategory="golf", source="Daily", published_at=NOON
    )
    assert write_reason(signal, spoken) == "Because you asked for “chess and go”."


def test_long_words_of_the_reader_are_cut_between_words():
    text = write_reason(
        "tower", Evidence(title="", profile="space " * 50, category="", subcategory="", source="", published_at=None)
    )
    quoted = text.removeprefix("Because you asked for “").removesuffix("”.")
    assert quoted.endswith("space…") and len(quoted) <= MAX_PROFILE


@pytest.mark.parametrize(
    "signal", ["relevance", "tower", "affinity", "subcategory_affinity", "source_affinity", "freshness", ""]
)
def test_no_reason_claims_what_there_is_no_evidence_for(signal):
    assert write_reason(signal, NOTHING) == "To widen the page."


def test_an_item_that_no_signal_lifted_is_not_called_new():
    assert "new" not in write_reason("", ALL)

from collections import Counter

import numpy as np
import pytest

from broadsheet.rerank.reasons.deletion import ReadArticles
from broadsheet.rerank.reasons.explainer import MOST_ALIKE, Explainer, ReaderPage
from broadsheet.rerank.reasons.sentences import language_of, sentences_of
from tests.support.stage_contract import catalogue_of, hours, unit

ITEMS = 12
CATALOGUE = catalogue_of(
    [[10 - n, 1 + n] for n in range(ITEMS)] + [[10, 1], [9, 2]],
    title=[f"Title {n} of Mars Base" for n in range(ITEMS)] + ["Mars Base grows", "Life on Mars Base"],
    category=["sports", "science", "politics"] * 4 + ["science", "science"],
    source=["Daily", "Weekly"] * 6 + ["Weekly", "Weekly"],
    published_at=[hours(-n) for n in range(ITEMS + 2)],
)


def page(history=(), profile="", new=True, kept=(), items=ITEMS, **lifts):
    """The page of articles in their order, each lifted by the same signals."""
    read, rows = np.array(history, np.int64), np.arange(items)
    vectors = CATALOGUE.vectors_of(read)
    return ReaderPage(
        rows=rows,
        new=np.full(items, new),
        kept=np.isin(rows, kept),
        lifts={name: np.full(items, lift) for name, lift in lifts.items()},
        read=ReadArticles(read, vectors, np.ones(len(read))),
        nearness=CATALOGUE.vectors_of(rows) @ vectors.T,
        profile=profile,
    )


def reasons(*, language="en", encode=None, **about):
    speaks = language_of(language)
    because, found = Explainer(CATALOGUE, speaks, sentences_of(speaks), encode)([page(**about)])
    if language == "en":
        assert [one >= 0 for one in because] == ["you read" in reason for reason in found]
    return found


def alike(reason):
    return reason.split(": published on")[0]


@pytest.mark.parametrize(
    "about",
    [
        {"history": [12, 13], "two_tower": 0.5, "affinity": 0.2, "popularity": 0.3},
        {"profile": "chess", "two_tower": 0.5},
        {"new": True, "freshness": 0.5, "popularity": 0.2},
        {"new": False, "click_rate": 0.5},
        {"new": False},
    ],
)
def test_no_sentence_stands_on_a_page_more_than_twice(about):
    assert max(Counter(map(alike, filter(None, reasons(**about)))).values()) <= MOST_ALIKE


@pytest.mark.parametrize("language", ["en", "da", "de", "fr"])
@pytest.mark.parametrize(
    ("about", "name"), [({"profile": "chess", "two_tower": 0.5}, "chess"), ({"affinity": 0.5}, "sports")]
)
def test_of_ten_stories_in_a_row_four_name_the_same_wish_or_section_at_most(about, name, language):
    personal = language_of(language).asked[0] if name == "chess" else language_of(language).affinity[0]
    begun = personal.format(profile=name, category=name)[:-1]
    found = reasons(language=language, popularity=0.1, **about)
    told = [place for place, reason in enumerate(found) if reason.startswith(begun)]
    assert max(sum(start <= place < start + 10 for place in told) for start in range(ITEMS)) == 4


def test_where_every_true_sentence_was_given_twice_a_story_has_no_reason_rather_than_an_untrue_one():
    assert reasons(new=False, click_rate=0.5) == ["Because many who saw it opened it."] * 2 + [""] * 10
    widened = reasons(new=False)
    assert widened[0] == "To widen the page: “sports”." and not any("new" in reason for reason in widened)


def test_what_is_personal_comes_first_then_what_others_do_then_age():
    found = reasons(history=[12], two_tower=0.5, popularity=0.2)
    assert found[:4] == ["Because you read “Mars Base grows”."] * 2 + [
        "Because many readers opened it lately.",
        "Because it is much read in “sports”.",
    ]
    assert found.index("Because it is new: published on 1 May 2024.") > 3


def test_a_page_varies_what_it_names_the_articles_the_name_and_the_section():
    found = reasons(history=[12, 13], two_tower=0.5)
    assert {"Because you read “Mars Base grows”.", "Because you read “Life on Mars Base”."} <= {*found}
    often = {"Because you often read about “Mars Base”.", "Because you often read “science”."}
    assert often & {*found}


def test_an_article_that_is_near_is_a_reason_though_other_stories_are_nearer():
    """The first stories lie nearest to what was read, and no signal lifts them above the others."""
    found = reasons(history=[12], two_tower=0.0, relevance=-0.1)
    assert found[0] == "Because you read “Mars Base grows”." and "you read" not in found[11]


def test_a_history_that_no_signal_reads_is_no_reason():
    assert not any("you" in reason for reason in reasons(history=[12, 13], popularity=0.5, two_tower=0.0))


def test_a_story_on_a_kept_place_is_new_unless_the_reader_read_something_near():
    far, near = ITEMS - 1, 0
    found = reasons(history=[12], two_tower=0.5, popularity=0.2, kept=[far, near])
    assert "you read" in found[near] and "new" in found[far]


def test_a_reader_with_a_history_is_told_of_words_only_where_they_name_the_section():
    found = reasons(history=[12], profile="chess; science", two_tower=0.5)
    asked = [place for place, reason in enumerate(found) if "asked" in reason]
    assert asked and all(CATALOGUE.category[place] == "science" for place in asked)
    assert not any("chess" in reason for reason in found)


def test_without_a_history_the_part_of_the_words_that_is_nearest_is_named():
    directions = {"east": [1, 0], "north": [0, 1]}

    def encode(texts):
        return unit([directions[text] for text in texts])

    found = reasons(profile="east, and north", two_tower=0.5, encode=encode)
    assert found[0] == "Because you asked for “east”."
    east, north = ([place for place, reason in enumerate(found) if part in reason] for part in ("east", "north"))
    assert len(north) == 4 and max(east) < min(north), "the later stories point north"


def test_words_that_nobody_takes_apart_are_named_as_a_whole():
    assert reasons(profile="chess\n and  go", two_tower=0.5)[0] == "Because you asked for “chess and go”."


@pytest.mark.parametrize(
    ("language", "first"),
    [("da", "Fordi du læste"), ("de", "Weil Sie „Mars"), ("fr", "Parce que vous avez lu"), ("xx", "Because you read")],
)
def test_a_page_has_reasons_in_its_language(language, first):
    assert reasons(language=language, history=[12], two_tower=0.5)[0].startswith(first)


def test_a_page_does_not_depend_on_the_pages_beside_it():
    explain = Explainer(CATALOGUE, language_of("en"), sentences_of(language_of("en")))
    one, other = page(history=[12, 13], two_tower=0.5), page(profile="chess", two_tower=0.5, items=4)
    both = explain([one, other])[1]
    assert both == explain([one])[1] + explain([other])[1]


def test_an_empty_page_and_no_page_have_no_reasons():
    explain = Explainer(CATALOGUE, language_of("en"), sentences_of(language_of("en")))
    assert explain([page(history=[12], items=0, two_tower=0.5)])[1] == explain([])[1] == []

import pytest

from broadsheet.generate.stories.drafts import Draft, begins_refused, headlines, summaries, telling_sentences
from broadsheet.generate.stories.jobs import HEADLINE_WORDS
from broadsheet.generate.text.articles import first_sentences

ARTICLE = {
    "title": "Veltra to close plant",
    "abstract": "Shares fell.",
    "body": "Shares in carmaker Veltra fell 6 percent on Monday. Veltra will close its plant in Lindau in May.",
}


def texts(drafts, method):
    return [draft.text for draft in drafts.passed if draft.method == method]


def test_a_draft_that_passes_stands_first_and_the_title_last():
    drafts = headlines(ARTICLE, ["Veltra will close its plant in Lindau"], "gpt")
    assert drafts.passed[0] == Draft("Veltra will close its plant in Lindau", "gpt")
    assert drafts.passed[-1] == Draft("Veltra to close plant", "original")
    assert texts(drafts, "extract") == [
        "Shares in carmaker Veltra fell 6 percent on Monday",
        "Veltra will close its plant in Lindau in May",
        "Veltra will close its plant in May",
    ]
    assert drafts.refused == ()


def test_what_is_refused_is_named_and_the_next_draft_is_taken():
    drafts = headlines(ARTICLE, ["Veltra will close 3 plants", "Veltra will close its plant in Lindau"], "gpt")
    assert texts(drafts, "gpt") == ["Veltra will close its plant in Lindau"]
    assert "gpt headline: number 3" in drafts.refused


def test_drafts_that_say_the_same_again_stand_once_and_one_of_the_title_is_the_publishers():
    drafts = headlines(ARTICLE, ["veltra to close plant.", "Veltra to close plant"], "t5")
    assert drafts.passed[0] == Draft("Veltra to close plant", "original")
    assert texts(drafts, "t5") == [] and len(texts(drafts, "original")) == 1


def test_without_a_writer_the_words_are_the_publishers():
    assert headlines(ARTICLE, None, "original").passed == (Draft("Veltra to close plant", "original"),)
    assert summaries(ARTICLE, None, "original", 45).passed == (Draft("Shares fell.", "original"),)
    assert texts(summaries({**ARTICLE, "abstract": ""}, None, "original", 45), "extract")


def test_summaries_are_what_passed_of_each_draft_and_an_extract():
    written = ["Veltra will close its plant in Lindau. It made 5 cars.", "Veltra fell 9 percent."]
    drafts = summaries(ARTICLE, written, "gpt", 45)
    assert texts(drafts, "gpt") == ["Veltra will close its plant in Lindau."]
    assert len(texts(drafts, "extract")) == 1
    assert {"gpt summary: number 5", "gpt summary: number 9"} <= set(drafts.refused)


def test_an_article_of_a_title_alone_has_the_title_and_an_empty_summary():
    bare = {"title": "Quiet day", "abstract": "", "body": ""}
    assert headlines(bare, ["Arsenal won the cup"], "gpt").passed == (Draft("Quiet day", "original"),)
    assert summaries(bare, ["Arsenal won."], "gpt", 45).passed == (Draft("", "original"),)
    assert headlines({**bare, "title": ""}, None, "original").passed == (Draft("", "original"),)


def test_a_draft_that_could_not_be_had_leaves_the_publishers_words_and_is_told():
    headline, summary = headlines(ARTICLE, [], "endpoint"), summaries(ARTICLE, [], "endpoint", 45)
    assert headline.passed == (Draft("Veltra to close plant", "original"),)
    assert summary.passed == (Draft("Shares fell.", "original"),)
    assert (headline.refused, summary.refused) == (("endpoint headline: no answer",), ("endpoint summary: no answer",))


def test_a_sentence_of_the_lead_that_does_not_stand_alone_is_no_headline():
    body = (
        "But there are at least two successes in the Gulf. Veltra will close each of its older plants next year in "
        "countries such as Chad and Niger, a statement says."
    )
    found = texts(headlines({**ARTICLE, "body": body}, ["x"], "gpt"), "extract")
    whole = "Veltra will close each of its older plants next year in countries such as Chad and Niger, a statement says"
    assert found[0] == whole and whole.removesuffix(", a statement says") in found
    assert not any("successes" in text for text in found)


def test_all_that_was_drafted_is_told_refused_or_not_and_nothing_twice():
    written = ["Veltra will close 3 plants.", "Veltra to close plant", "Veltra will close 3 plants", ""]
    assert headlines(ARTICLE, written, "gpt").written == ("Veltra will close 3 plants", "Veltra to close plant")
    assert summaries(ARTICLE, ["It made 5 cars. The"], "gpt", 45).written == ("It made 5 cars.",)
    assert headlines(ARTICLE, None, "original").written == headlines(ARTICLE, [], "gpt").written == ()


def test_a_long_sentence_of_the_lead_is_cut_in_several_ways_that_fit():
    body = (
        "Carmaker Veltra will close its old plant in Lindau after talks with unions on Monday, in the hope of a profit "
        "by the end of the year."
    )
    found = texts(headlines({**ARTICLE, "body": body}, ["x"], "gpt"), "extract")
    assert 3 < len(found) <= 17 and all(len(text.split()) <= HEADLINE_WORDS for text in found)
    assert found[0] == "Carmaker Veltra will close its old plant in Lindau after talks with unions on Monday"


UNIONS = [f"Unions met in {place} on Tuesday." for place in ("Lindau", "Ghent", "Bregenz", "Lyon")]


def test_the_sentences_that_tell_are_the_first_five_of_the_lead_that_stand_alone():
    body = f"But it may. {ARTICLE['body']} {' '.join(UNIONS)}"
    assert telling_sentences({**ARTICLE, "body": body}) == [
        "Shares in carmaker Veltra fell 6 percent on Monday.",
        "Veltra will close its plant in Lindau in May.",
        *UNIONS[:3],
    ]
    assert telling_sentences({**ARTICLE, "body": "", "abstract": "Unions met in Lindau on Tuesday."}) == [
        "Unions met in Lindau on Tuesday."
    ]
    assert telling_sentences({**ARTICLE, "body": "", "abstract": ""}) == []


def test_the_first_sentences_are_ten_of_abstract_and_body():
    body = " ".join(f"Plant {number} closed." for number in range(20))
    found = first_sentences({**ARTICLE, "body": body})
    assert found == ["Shares fell.", *(f"Plant {number} closed." for number in range(9))]
    assert first_sentences({**ARTICLE, "abstract": "", "body": ""}) == []


@pytest.mark.parametrize(
    "beginning",
    [
        "",
        "Shares",
        "Shares in carmaker Veltra fell 6",
        "Shares in carmaker Veltra fell 6 percent on Monday. Veltra will",
        "Veltra will close its plant in Lindau Haven",  # the last two words may go on otherwise
        "Shares fell 60",
    ],
)
def test_a_beginning_that_can_still_become_true_is_not_refused(beginning):
    assert not begins_refused(beginning, ARTICLE, 45)


@pytest.mark.parametrize(
    "beginning",
    [
        "Shares in carmaker Veltra fell 60 percent on Monday",
        "Shares in carmaker Renova fell 6 percent",
        "Veltra will close its plant in Lindau in June. It",
        "Veltra will not close its plant in Lindau. Shares",
        "Veltra will close its plant in Lindau in May. Arsenal won the cup",
    ],
)
def test_a_beginning_that_stays_untrue_is_refused(beginning):
    assert begins_refused(beginning, ARTICLE, 45)


def test_a_beginning_that_is_too_long_is_refused():
    beginning = "Veltra will close its plant in Lindau in May. Shares"
    assert begins_refused(beginning, ARTICLE, 5) and not begins_refused(beginning, ARTICLE, 45)

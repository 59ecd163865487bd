import pytest

from broadsheet.generate.stories import jobs


def test_a_prompt_for_a_summary_holds_title_lead_and_instruction():
    prompt = jobs.prompt(jobs.SUMMARY, "A title.", "word " * 500)
    assert prompt.startswith("A title. word word")
    assert prompt.count("word ") == 129
    assert prompt.endswith("using its own words.")


def test_a_prompt_for_a_headline_has_the_title_only_where_there_is_no_text():
    prompt = jobs.prompt(jobs.HEADLINE, "A title.", "word " * 500)
    assert "A title" not in prompt and prompt.count("word ") == 44
    assert prompt.endswith("Answer in ten words.")
    assert jobs.prompt(jobs.HEADLINE, "A title.", " ").startswith("A title\n")


def test_a_prompt_without_a_title_begins_with_the_text():
    assert jobs.prompt(jobs.HEADLINE, " ", "Rain fell.").startswith("Rain fell.\n")
    assert jobs.prompt(jobs.SUMMARY, "", "Rain fell.").startswith("Rain fell.\n")


def test_placeholders_in_an_article_are_text():
    prompt = jobs.prompt(jobs.SUMMARY, "About {text}", "The {title} and {0} and {text}")
    assert "About {text}. The {title} and {0} and {text}" in prompt


def test_a_text_without_blanks_is_cut_too():
    assert len(jobs.prompt(jobs.SUMMARY, "字" * 5000, "字" * 5000)) < 1700


@pytest.mark.parametrize(
    ("draft", "headline"),
    [
        ('"Coal use falls in China."', "Coal use falls in China"),
        ("Here is the headline: coal use falls in China", "Coal use falls in China"),
        ("**Coal use falls in China**", "Coal use falls in China"),
        ("Headline: Coal use falls. It was a long year.", "Coal use falls"),
        ("Envoy flies back to the U.S.", "Envoy flies back to the U.S."),
        (
            "The heir has been placed under arrest in the capital, accused of bribery and of other charges too",
            "The heir has been placed under arrest in the capital, accused of bribery and of other charges too",
        ),
        (
            "The heir was placed under arrest, after a vote, accused of bribery and of many other charges by the court "
            "of the capital of his country",
            "The heir was placed under arrest, after a vote",
        ),
        (
            "Veltra to close its plant in the north of the country, according to a paper that somebody in the ministry "
            "there saw early last week",
            "Veltra to close its plant in the north of the country",
        ),
    ],
)
def test_a_headline_is_tidied(draft, headline):
    assert jobs.tidy_headline(draft) == headline


def test_a_summary_loses_its_broken_last_sentence():
    assert jobs.tidy_summary("Summary: Coal fell. Prices rose. The") == "Coal fell. Prices rose."


@pytest.mark.parametrize(
    ("headline", "problem"),
    [
        ("", "empty"),
        ("Coal use falls", "too short"),
        ("Coal " * 24 + "falls", "too long: 25 words"),
        ("Prime minister of Denmark", "no sentence"),
        ("Is coal use falling in China?", "question"),
        ("It falls in China again", "points back"),
        ("The pit, which closes on Monday", "points back"),
        ("Coal use in China falls to the", "breaks off"),
        ('Owner says "we reopen in May', "breaks off"),
    ],
)
def test_what_is_no_headline_is_refused(headline, problem):
    assert problem in jobs.headline_form(headline)


def test_a_plain_headline_has_no_problem():
    assert jobs.headline_form("Coal use in China falls for a third year") == []
    assert jobs.headline_form("Coal " * 23 + "falls") == []


def test_an_infinitive_is_a_verb_and_a_place_behind_to_is_none():
    assert jobs.headline_form("Veltra to halve its plant in Lindau") == []
    assert jobs.headline_form("A train from Lindau to Spain") == ["no sentence"]


def test_a_draft_too_long_without_a_clause_that_fits_stays_and_is_refused():
    long = "Coal use in China falls " + "and falls " * 10
    assert jobs.tidy_headline(f"Yesterday, {long}") == f"Yesterday, {long}".strip()
    assert jobs.headline_form(jobs.tidy_headline(f"Yesterday, {long}")) == ["too long: 26 words"]


@pytest.mark.parametrize(
    ("summary", "problem"),
    [
        ("", "empty"),
        ("Coal fell in China by a lot last year.", "too long: 9 words"),
        ("Coal fell. prices rose a bit", "breaks off"),
    ],
)
def test_what_is_no_summary_is_refused(summary, problem):
    assert problem in jobs.summary_form(summary, 8)


def test_a_title_in_other_capitals_is_still_the_title():
    assert jobs.repeats("Coal use FALLS.", "Coal Use Falls")
    assert not jobs.repeats("Coal use rises", "Coal Use Falls")

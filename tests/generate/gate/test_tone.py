from importlib.resources import files

import pytest

from broadsheet.generate.extracts.extract import extract
from broadsheet.generate.gate.tone import tone_problems
from broadsheet.generate.stories.drafts import headlines, summaries
from broadsheet.generate.text.lexicons import lexicon

ARTICLE = {
    "title": "Veltra to close plant",
    "abstract": "Shares fell.",
    "body": "Shares in carmaker Veltra fell 6 percent on Monday. Veltra will close its plant in Lindau in May.",
}


def about(body, title="Veltra to close plant"):
    return {"title": title, "abstract": "", "body": body}


@pytest.mark.parametrize(
    ("headline", "problem"),
    [
        ("You won't believe what Veltra will close in May", "clickbait you won't believe"),
        ("You won’t believe what Veltra will close in May", "clickbait you won’t believe"),
        ("Veltra will close its plant, and what happened next", "clickbait what happened next"),
        ("Veltra fell 6 percent with this one trick", "clickbait this one trick"),
        ("This is why Veltra will close its plant", "clickbait this is why"),
        ("Shares in Veltra fell. Here's why", "clickbait here's why"),
        ("Here is the real reason Veltra will close its plant", "clickbait here is the real reason"),
        ("Meet the man who will close a plant", "clickbait meet the man"),
        ("The reason he will close a plant", "clickbait the reason he"),
        ("7 reasons Veltra will close its plant", "clickbait 7 reasons"),
        ("The seven surprising things Veltra said", "clickbait the seven surprising things"),
        ("Veltra will CLOSE its plant", "clickbait CLOSE"),
        ("VELTRA WILL CLOSE ITS PLANT", "clickbait VELTRA WILL CLOSE"),
        ("Veltra will close its plant!! In May!", "clickbait !!!"),
        ("Veltra will close?!", "clickbait ?!"),
        ("Veltra will close your plant in May", "clickbait your"),
        ("The best carmaker ever will close its plant", "clickbait best carmaker ever"),
        ("Veltra will close its plant in a shocking turn", "clickbait shocking"),
        ("Veltra will close its stupid plant", "harmful insult"),
        ("Veltra will close its fucking plant", "harmful obscenity"),
        ("Veltra faggots will close plant", "harmful slur"),
        ("Veltra bosses should be shot", "harmful incitement"),
        ("How to kill yourself in May", "harmful self-harm"),
    ],
)
def test_a_headline_of_each_kind_is_refused(headline, problem):
    assert problem in tone_problems(headline, ARTICLE, is_headline=True)


@pytest.mark.parametrize(
    "headline",
    [
        "Veltra will close its plant in Lindau in May",
        "Veltra fell 6 percent!",
        "NATO, UNESCO and the IMF meet in Lindau",
        "Two plants fell 6 percent on Monday",
        "Rape suspect killed himself in prison, police say",
        "Porn site sued over sex abuse videos",
        "Pussy Riot sing in Lindau",
        "The Scunthorpe plant of Veltra will close",
        "Plant is the biggest in Lindau",
        "'You won't believe it', Veltra's head says",
    ],
)
def test_a_plain_headline_passes(headline):
    assert tone_problems(headline, ARTICLE, is_headline=True) == []


def test_a_list_is_told_as_one_where_the_articles_title_counts_it():
    article = about("Veltra will close.", title="7 reasons why Veltra is to close a plant")
    assert tone_problems("7 reasons Veltra will close its plant", article, is_headline=True) == []
    assert tone_problems("8 reasons Veltra will close its plant", article, is_headline=True)


def test_what_teases_in_a_headline_may_stand_in_a_summary_that_goes_on():
    assert tone_problems("This is why you fell.", ARTICLE) == []
    assert tone_problems("You won't believe this.", ARTICLE) == ["clickbait you won't believe"]


def test_a_word_that_praises_is_the_articles_where_it_has_it():
    assert tone_problems("A stunning plant will close", ARTICLE) == ["clickbait stunning"]
    assert tone_problems("A stunning plant will close", about("The plant is stunning.")) == []
    assert tone_problems("It is the worst year ever.", about("It was the worst year ever for Veltra.")) == []


def test_an_insult_is_told_only_as_the_article_has_it():
    quoting = about('Berg called the minister "an idiot" on Monday.')
    assert tone_problems('Berg called the minister "an idiot"', quoting, is_headline=True) == []
    assert tone_problems("The minister is an idiot, Berg says", quoting) == ["harmful insult"]
    assert tone_problems("The minister is an idiot", about("The minister is an idiot.")) == []


def test_a_slur_and_an_obscenity_are_told_only_in_quotation_marks_and_in_no_headline():
    quoting = about('Berg said "fuck the faggots" on Monday.')
    assert tone_problems('Berg said "fuck the faggots".', quoting) == []
    assert tone_problems('Berg said "fuck the faggots"', quoting, is_headline=True) == [
        "harmful slur",
        "harmful obscenity",
    ]
    assert tone_problems("Berg spoke of faggots.", about("Berg spoke of faggots.")) == ["harmful slur"]
    assert tone_problems('Berg said "fuck".', ARTICLE) == ["harmful obscenity"]


def test_a_call_to_harm_is_told_only_as_the_article_has_it():
    quoting = about('"Kill them all," the leader shouted.')
    assert tone_problems('The leader shouted "kill them all".', quoting) == []
    assert tone_problems("The leader will kill them all.", quoting) == ["harmful incitement"]


def test_letters_of_another_form_do_not_hide_a_word():
    assert tone_problems("Veltra will close its ｆｕｃｋｉｎｇ plant", ARTICLE) == ["harmful obscenity"]


def test_a_refused_draft_is_named_and_gives_way_to_extracts_and_the_publishers_words():
    drafts = headlines(ARTICLE, ["You won't believe what Veltra will close"], "gpt")
    assert "gpt headline: clickbait you won't believe" in drafts.refused
    assert {draft.method for draft in drafts.passed} == {"extract", "original"}
    written = summaries(ARTICLE, ["Shares in carmaker Veltra fell 6 percent on Monday!!"], "gpt", 45)
    assert any("clickbait !!" in check for check in written.refused)


def test_what_harms_is_not_repeated_in_the_checks():
    drafts = headlines(ARTICLE, ["Veltra will close its fucking plant"], "gpt")
    assert "gpt headline: harmful obscenity" in drafts.refused
    assert not [check for check in drafts.refused if "tone" in check]


def test_extracts_are_held_to_it_but_the_publishers_own_headline_never_is():
    body = "You won't believe what Veltra will close in May. Veltra will close its plant in Lindau in May."
    article = about(body, title="You won't believe what Veltra will close")
    drafts = headlines(article, ["x"], "gpt")
    *extracts, own = [(draft.text, draft.method) for draft in drafts.passed]
    assert extracts[0] == ("Veltra will close its plant in Lindau in May", "extract")
    assert not any("believe" in text for text, _ in extracts)
    assert own == ("You won't believe what Veltra will close", "original")
    assert headlines(article, ["you won't believe what Veltra will close."], "gpt").passed[0].method == "original"
    assert extract(article["title"], "", body, 45) == "Veltra will close its plant in Lindau in May."


def names():
    return sorted(path.name.removesuffix(".txt") for path in (files("broadsheet.generate.text") / "lists").iterdir())


@pytest.mark.parametrize("name", names())
def test_every_entry_of_a_lexicon_is_found_and_stands_there_once(name):
    text = (files("broadsheet.generate.text") / "lists" / f"{name}.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "- "))]
    assert lines and len(lines) == len(set(lines)) and text.startswith("# ")
    assert [line for line in lines if line not in lexicon(name).found_in(f"It said {line.upper()} today.")] == []


def test_a_name_that_holds_a_word_of_a_lexicon_is_none_of_its_entries():
    assert lexicon("obscenity").found_in("Pussy Riot, magna cum laude, said shit to great tits") == ["shit"]

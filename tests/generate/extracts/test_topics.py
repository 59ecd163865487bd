import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.generate.extracts.shared_names import names_of
from broadsheet.generate.extracts.topics import CHARACTERS, Topic, profile_text, topics
from broadsheet.generate.text.words import fold, words


def article(title, abstract="", category="", subcategory="", source=""):
    texts = {"title": title, "abstract": abstract, "category": category, "subcategory": subcategory}
    return {**texts, "source": source}


def names(*articles):
    """The names of a history as the topics tell them: text and count."""
    return {topic.text: topic.articles for topic in topics(articles) if topic.kind == "name"}


SPACE = [
    article("Rover sends a picture", "The rover landed for NASA in May.", "science", "space"),
    article("Senate votes on a bill", "The vote was close.", "politics", "congress"),
    article("Musk plans a launch", "A rocket of Elon Musk will carry it, and NASA pays.", "science", "space"),
    article("Why the launch failed", "The rocket of Elon Musk burst.", "science", "physics"),
]


def test_a_history_is_told_by_its_sections_and_names_with_how_many_articles_speak_of_each():
    assert topics(SPACE) == [
        Topic("science", "category", 3),
        Topic("Elon Musk", "name", 2),
        Topic("space", "subcategory", 2),
        Topic("NASA", "name", 2),
    ]
    assert profile_text(topics(SPACE)) == "science, Elon Musk, space, NASA"
    assert topics(SPACE, most=1) == [Topic("science", "category", 3)]
    assert topics([]) == [] and profile_text([]) == ""


def test_of_what_as_many_articles_share_what_was_read_last_comes_first():
    said = ["a law in Ghent", "a fire in Lille", "a fire in Lille", "a law in Ghent"]
    assert list(names(*(article(f"We read of {one} {n}") for n, one in enumerate(said)))) == ["Ghent", "Lille"]
    assert list(names(*(article(f"We read of {one} {n}") for n, one in enumerate(said[::-1] + said[1:2])))) == [
        "Lille",
        "Ghent",
    ]


def test_an_article_read_twice_is_one_article():
    assert names(SPACE[0], SPACE[0]) == {} and topics([SPACE[0]] * 5) == []


def test_a_section_needs_a_fifth_of_the_articles_that_have_one():
    others = [article(f"title {number}", category="arts") for number in range(8)]
    rare = [article(f"goal {number}", category="sports") for number in range(2)]
    assert [topic.text for topic in topics(others + rare)] == ["arts", "sports"]
    assert [topic.text for topic in topics([*others, article("one more", category="arts"), *rare])] == ["arts"]
    without = [article(f"of no section {number}") for number in range(30)]
    assert [topic.text for topic in topics(without + others + rare)] == ["arts", "sports"]


@pytest.mark.parametrize(
    ("category", "subcategory", "expected"),
    [
        ("news", "newspolitics", ["news", "politics"]),
        ("news", "newsus", ["US", "news"]),
        ("sports", "football_nfl", ["football nfl", "sports"]),
        ("sports", "sports 1", ["sports 1"]),
        ("sports", "sports", ["sports"]),
        ("health", "health-news", ["health news"]),
        ("", "opera", ["opera"]),
    ],
)
def test_sections_are_told_in_plain_words_and_once(category, subcategory, expected):
    found = topics([article(f"title {number}", "", category, subcategory) for number in range(3)])
    assert sorted(topic.text for topic in found) == expected


def test_a_family_name_is_the_person_whom_an_article_names_whole():
    both = article("Biden speaks", "The day before, Joe Biden had lost his voice.")
    assert names(both, article("What a voter told Biden")) == {"Joe Biden": 2}
    assert names(article("We met Biden today"), article("What a voter told Biden")) == {"Biden": 2}
    # No article says that Denzel is meant; two of a name are not told apart.
    assert names(
        article("A film of Denzel Washington"),
        article("Heavy rain in Washington"),
        article("what happens in Washington"),
    ) == {"Washington": 2}
    two = article("The wife of Joe Biden", "For once Jill Biden spoke.")
    voters = [article("What a voter told Biden"), article("What voters asked of Biden")]
    assert names(two, both, *voters) == {"Biden": 3, "Joe Biden": 2}


def test_initials_are_the_body_that_is_written_out_elsewhere():
    whole = article("Some met at the World Economic Forum and talked for hours", "It was cold.")
    assert names(whole, article("Who paid for the WEF this year")) == {"WEF": 2}


def test_a_title_before_a_name_is_no_part_of_it_unless_it_makes_the_name():
    assert names(
        article("What President Donald Trump said"),
        article("A letter to Donald Trump"),
        article("How Prince Harry lives"),
        article("Where Prince Harry went"),
        article("What General Motors makes"),
        article("How the strike at General Motors ended"),
        article("why the President and the Prime Minister met"),
        article("how the President and the Prime Minister parted"),
    ) == {"Donald Trump": 2, "Prince Harry": 2, "General Motors": 2}


def test_headlines_in_title_case_give_no_names_but_those_known_from_elsewhere():
    cased = [article("Ten Easy Dinner Recipes For Busy Parents"), article("Busy Parents Love Easy Dinner Recipes")]
    assert names(*cased) == {}
    known = article("A tour of Abbey Road in an hour")
    assert names(known, article("Beatles Fans Still Queue Outside Abbey Road Studios")) == {"Abbey Road": 2}
    assert names(known, article("Quiet Road Near Abbey Closed After Heavy Storms")) == {}


def test_the_capital_that_opens_a_sentence_marks_no_name():
    assert names(article("Firefighters saved a cat"), article("Firefighters saved a dog")) == {}
    assert names(article("Tesla cut its prices"), article("What drivers think of Tesla")) == {"Tesla": 2}
    assert names(article("IBM cut its prices"), article("IBM raised its prices")) == {"IBM": 2}
    assert names(article('He asked: "Could it be so?"'), article('She said: "Could it wait?"')) == {}


def test_days_and_months_are_no_topics():
    assert names(article("It rained on Monday in October"), article("It snowed on Monday in October")) == {}


def test_what_a_longer_topic_says_is_not_said_again_but_what_goes_beyond_it_is():
    station = [article(f"A walk on the Space Station {number}", "", "Space") for number in range(2)]
    assert [topic.text for topic in topics(station)] == ["Space Station"]
    more = [*station, article("a rocket", "", "Space")]
    assert [topic.text for topic in topics(more)] == ["Space", "Space Station"]


def test_a_profile_text_leaves_out_what_would_make_it_too_long():
    long = [Topic("a" * 190, "name", 3), Topic("b" * 30, "name", 2), Topic("chess", "name", 2)]
    assert profile_text(long) == "a" * 190 + ", chess"


people = st.sampled_from(["Ann Berg", "Berg", "NASA", "the UN", "Prince Paul", "Paul", "in Ghent", "New York", "York"])
pieces = people | st.sampled_from(["rain fell", "On Monday", "Old Town", ": ", ". ", "it was"])
texts = st.lists(pieces, max_size=8).map(" ".join)
anything = st.text(alphabet=st.characters(codec="utf-8"), max_size=60)
sections = st.sampled_from(["", "news", "sports", "newsworld", "sports_football", "Berg", "!"])
histories = st.lists(st.builds(article, texts | anything, texts | anything, sections, sections), max_size=8)


@settings(max_examples=200)
@given(histories)
def test_topics_are_of_several_articles_in_order_each_once_and_in_their_words(history):
    found = topics(history, most=50)
    different = len({tuple(one.values()) for one in history})
    assert found == topics(history, most=50) and found[:3] == topics(history, most=3)
    assert all(2 <= topic.articles <= different for topic in found)
    assert [topic.articles for topic in found] == sorted((topic.articles for topic in found), reverse=True)
    told = [tuple(map(fold, words(topic.text))) for topic in found]
    assert len(set(told)) == len(told) and all(told)
    spoken = {fold(word) for one in history for text in one.values() for word in words(text.replace("_", " "))}
    for topic in found:
        if topic.kind == "name":
            assert {fold(word) for word in words(topic.text)} <= spoken
    assert len(profile_text(found)) <= CHARACTERS


@given(texts | anything, texts | anything)
def test_no_name_of_one_article_is_a_topic(title, abstract):
    assert topics([article(title, abstract)]) == []
    assert all(numbers == {0} for _, numbers in names_of([(title, abstract, "")]))


@given(st.lists(anything, max_size=4), anything)
def test_any_text_is_read(said, section):
    found = topics([article(text, text, section, section) for text in said])
    assert all(topic.text.strip() for topic in found)


@pytest.mark.parametrize(
    ("source", "name"),
    [("DW", "DW"), ("DW", "Deutsche Welle"), ("BBC News", "BBC"), ("British Broadcasting Corporation", "BBC")],
)
def test_the_name_of_an_articles_own_outlet_is_no_topic(source, name):
    own = [article(f"He spoke to {name} of {what}", source=source) for what in ("war", "peace", "trade")]
    assert names(*own) == {}
    others = [article(f"He spoke to {name} of {what}", source="Paper") for what in ("war", "peace")]
    assert names(*own, *others) == {name: 2}


def test_a_label_in_capitals_is_no_topic():
    assert names(article("ANALYSIS: what a vote means"), article("ANALYSIS: why a bank closed")) == {}

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.generate.gate.facts import check

ARTICLE = (
    "Coal use in China falls for a third year\n"
    "The world's top polluter burned less in 2016.\n"
    "China's consumption of coal fell 4.7 percent in 2016, the third year in a row, official data showed on Tuesday. "
    "The National Bureau of Statistics said coal made up 62 percent of the energy used. "
    "President Xi Jinping told the U.S. envoy John Smith that China would invest $5 million in solar power and hire "
    "1,200 engineers by 2020. "
    "Two miners died and twenty-one were hurt at a pit near Datong, the J. K. Wong mine, in March. "
    "Police did not arrest the owner. The pit may reopen in May. "
    "Arsenal beat Chelsea 3-1 in a charity match for the families, watched by 40,000 to 50,000 people. "
    "The owner denied reports that the mine was unsafe. Officials said mining in Datong stops in May. "
    "Is the town of Datong at its end?"
)

TRUE = [
    "China's consumption of coal fell 4.7 percent in 2016.",
    "Coal consumption fell for the third year in a row, official data showed on Tuesday.",
    "Coal fell for the 3rd year in a row.",
    "China would invest $5m in solar power and hire 1200 engineers.",
    "2 miners died at a pit near Datong.",
    "Twenty-one were hurt at a pit near Datong.",
    "President Jinping told US envoy Smith that China would invest five million dollars.",
    "Coal made up 62% of the energy used, the NBS said.",
    "Police did not arrest the owner.",
    "Police didn't arrest the owner.",
    "Arsenal beat Chelsea 3-1 in a charity match.",
    "Arsenal Beat Chelsea in Charity Match",
    "The charity match was watched by 40,000 people.",
    "The pit may reopen in May.",
]


@pytest.mark.parametrize("text", TRUE)
def test_a_true_text_passes(text):
    assert check(text, ARTICLE) == []


PLANTED = [
    ("China's consumption of coal fell 5.7 percent in 2016.", "number 5.7"),
    ("China's consumption of coal fell 4.7 percent in 2015.", "number 2015"),
    ("China would hire 62 percent of 1,200 engineers for $62.", "number $62"),
    ("China would invest $5bn in solar power.", "number $5bn"),
    ("China would invest £5 million in solar power.", "number £5 million"),
    ("China would invest 5 dollars in solar power.", "number 5"),
    ("Coal fell for the fourth year in a row.", "number fourth"),
    ("Coal fell for the 4th year in a row.", "number 4th"),
    ("Seven miners died at a pit near Datong.", "number Seven"),
    ("Two miners died and thirty-one were hurt.", "number thirty-one"),
    ("China would hire 12,000 engineers by 2020.", "number 12,000"),
    ("Two percent of miners died at a pit near Datong.", "number Two"),
    ("Two miners died at a pit near Beijing.", "name Beijing"),
    ("Arsenal beat Tottenham 3-1 in a charity match.", "name Tottenham"),
    ("Liverpool beat Chelsea 3-1 in a charity match.", "name Liverpool"),
    ("President John Wong told the envoy that China would invest.", "name President John Wong"),
    ("Xi Smith told the envoy that China would invest.", "name Xi Smith"),
    ("Coal made up 62 percent of the energy used, the WHO said.", "name WHO"),
    ("Official data showed on Friday that coal fell.", "date Friday"),
    ("Arsenal Crush Chelsea in Charity Match", "word Crush"),
    ("Coal imports fell by a record 4.7 percent after floods.", "claim imports record after floods"),
    ("Official data showed that police arrested the families.", "claim police arrested families"),
    ("Chelsea beat Arsenal 3-1 in a charity match.", "order of names Chelsea, Arsenal"),
    ("Police did arrest the owner.", "negation left out: not arrest"),
    ("China did not invest in solar power by 2020.", "negation added: not invest"),
    ("The pit will reopen in May.", "doubt left out: may reopen"),
    ("The owner said that the mine was unsafe.", "doubt left out: denied reports"),
    ("Officials mining in Datong stops in May.", "doubt left out: said mining"),
    ("Datong is at its end.", "claim Datong is at its end."),
    ("I'm sorry, but coal fell.", "talk of the writer"),
    ("As an AI language model, coal fell 4.7 percent.", "talk of the writer"),
    ("Here is the headline: coal fell.", "talk of the writer"),
    ("This article says that coal fell.", "talk of the writer"),
    ("We burned less coal in 2016.", "first person"),
    ("Coal fell coal fell coal fell coal fell.", "loop"),
    ("Coal coal coal fell.", "loop"),
    ("", "empty"),
    (" ... 1 ", "empty"),
]


@pytest.mark.parametrize(("text", "problem"), PLANTED)
def test_a_planted_error_is_refused_by_its_name(text, problem):
    assert problem in check(text, ARTICLE)


def test_a_quotation_may_speak_in_the_first_person():
    article = 'Owner speaks\nThe owner said: "We will reopen the pit in May."'
    assert check('The owner said: "We will reopen the pit in May."', article) == []


def test_a_problem_is_named_once():
    assert check("Tottenham and Tottenham", ARTICLE).count("name Tottenham") == 1


@given(st.text(max_size=100), st.text(max_size=100), st.lists(st.sampled_from(["5", "3rd", "$2m", "7%", "two", "to"])))
@settings(max_examples=150, deadline=None)
def test_no_number_of_a_text_is_refused_by_an_article_that_holds_it(text, article, numbers):
    text = f"{text} {' '.join(numbers)}"
    assert not [problem for problem in check(text, f"{text}\n.\n{article}") if problem.startswith("number")]

import pytest

from broadsheet.generate.text.dates import dates, says


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("on Tuesday", ["weekday 1"]),
        ("Sunday's game", ["weekday 6"]),
        ("on March 14", ["month 3 day 14"]),
        ("on the 14th of March", ["month 3 day 14"]),
        ("14 March 2017", ["month 3 day 14"]),
        ("Jan. 6", ["month 1 day 6"]),
        ("in March 2017", ["month 3"]),
        ("in May", ["month 5"]),
        ("May 2017", ["month 5"]),
        ("Theresa May may march", []),
        ("Last week and today", ["last week", "today"]),
        ("from Monday to Friday", ["weekday 0", "weekday 4"]),
        ("The Sun reported", []),
        ("10,000 March 3", ["month 3 day 3"]),
    ],
)
def test_a_date_is_read_as_what_it_means(text, values):
    assert [date.value for date in dates(text)] == values


def test_a_date_says_where_it_stands():
    text = "It rained in May, not on March 14."
    assert [text[slice(*date.place)] for date in dates(text)] == ["May", "March 14"]


def test_a_day_says_its_month_and_no_month_says_a_day():
    assert says("month 3 day 14", "month 3")
    assert not says("month 3", "month 3 day 14")
    assert not says("month 12", "month 1")

import pytest

from broadsheet.config.filters import read_filters
from broadsheet.corpus.filters import ArticleValues, select_articles
from broadsheet.errors import InputError
from broadsheet.tables.kept import kept_rows
from tests.support.stage_contract import news_table

NEWS = news_table(
    5,
    category=["sports", "Sports", "arts", "", "arts"],
    kept=[
        kept_rows({"paywall": "true", "tags": '["Cup", "new"]'}),
        kept_rows({"paywall": "False", "tags": '["cup"]'}),
        kept_rows({"paywall": "", "tags": "[not a list"}),
        [],
        kept_rows({"paywall": "TRUE", "tags": "[]"}),
    ],
)
ARTICLES = ArticleValues(NEWS)


def select(*filters):
    return select_articles(ARTICLES, [read_filters(one) for one in filters])


@pytest.mark.parametrize(
    "column, values, rows",
    [
        ("category", ["SPORTS"], [0, 1]),
        ("category", ["", "arts"], [2, 3, 4]),
        ("paywall", "true", [0, 4]),
        ("paywall", "", [2, 3]),
        ("tags", "cup", [0, 1]),
        ("tags", "new", [0]),
        ("tags", "[not a list", [2]),
        ("tags", "", [3, 4]),
        ("news_id", "N3", [3]),
        ("news_id", "n3", []),
        ("category", "none", []),
    ],
)
def test_articles_are_chosen_by_a_value_of_a_column(column, values, rows):
    only = select({"only": {column: values}}).allowed
    assert only.nonzero()[0].tolist() == rows
    assert (select({"exclude": {column: values}}).allowed == ~only).all()


def test_filters_together_allow_what_each_allows_and_boosts_add_up():
    both = select(
        {"exclude": {"paywall": "true"}, "boosts": {"category": {"arts": 0.5}}, "pins": {"category": "arts"}},
        {
            "only": {"category": ["sports", "arts"]},
            "boosts": {"category": {"arts": -0.2, "sports": 1}},
            "quotas": {"category": {"arts": {"least": 1}}},
        },
    )
    assert both.allowed.tolist() == [False, True, True, False, False]
    assert both.pinned.tolist() == [False, False, True, False, False], "what is excluded is not pinned"
    assert both.boosts.tolist() == pytest.approx([1, 1, 0.3, 0, 0.3])
    assert [(one.articles.tolist(), one.least, one.most) for one in both.quotas] == [([0, 0, 1, 0, 1], 1, 0)]


def test_columns_that_no_article_has_are_named_with_the_known_ones():
    with pytest.raises(InputError) as error:
        select({"exclude": {"paywal": "true"}, "boosts": {"author": {"Ann": 1}}})
    assert "filters.exclude: no article here has a column 'paywal'; known: news_id, category" in str(error.value)
    assert "paywall, tags. Keep a column of your files: broadsheet import tables --keep paywal" in str(error.value)
    assert "filters.boosts: no article here has a column 'author'" in str(error.value)

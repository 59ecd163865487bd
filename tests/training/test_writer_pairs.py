from datetime import date

import pytest

from broadsheet.errors import InputError
from broadsheet.importers.transaction import Import
from broadsheet.training.writer_pairs import read_pairs, read_personal
from tests.support.tiny import TOPICS, make_news

OURS = ("user_id", "news_id", "headline", "clicked")


def article(row, number):
    """An article whose headline is its second sentence without its last word."""
    first, second = TOPICS[row["category"]][number % 8], TOPICS[row["category"]][(number + 3) % 8]
    body = f"The {first} of the {second} says a new {first}. " * 4
    return row | {"title": f"The {first} of the {second} wins", "abstract": "", "body": body}


def test_an_abstract_is_learned_where_the_body_does_not_have_it(newsroom):
    abstract = "After the election the senate and the court of the land agreed"
    body = "The party says a new law. " * 6
    rows = [
        row | {"abstract": abstract, "body": body if number % 2 else f"{abstract}. {body}"}
        for number, row in enumerate(make_news(60))
    ]
    with Import(newsroom) as add:
        add.news(rows)
    learn, check = read_pairs(newsroom, ["summary"], None)
    assert {pair.text for pair in learn} == {abstract} and len(learn + check) == 30
    assert all(pair.prompt.startswith(row["title"]) for pair, row in zip(learn, rows[1::2], strict=False))


def write_table(path, *lines):
    path.write_text("\n".join("\t".join(line) for line in lines) + "\n", "utf-8")
    return path


def test_the_headlines_that_readers_of_pens_wrote_are_read(tmp_path):
    table = write_table(
        tmp_path / "personalized_test.tsv",
        ("userid", "clicknewsID", "posnewID", "rewrite_titles"),
        ("NT1", "N9,N8", "N1,N2", "One title#TAB#Another title"),
    )
    assert read_personal(table) == {("NT1", "N1"): {"One title": True}, ("NT1", "N2"): {"Another title": True}}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([("user", "news")], "found columns"),
        ([], "found columns none"),
        ([OURS, ("U", "N", "", "1"), ("", "N", "x", "7")], r"line 2: (.|\n)*line 3: "),
        ([("userid", "clicknewsID", "posnewID", "rewrite_titles"), ("U", "", "N1,N2", "One")], "line 2: "),
    ],
)
def test_a_file_of_headlines_that_is_none_is_one_error(tmp_path, lines, said):
    with pytest.raises(InputError, match=said):
        read_personal(write_table(tmp_path / "bad.tsv", *lines))
    with pytest.raises(InputError, match=r"none\.tsv"):
        read_personal(tmp_path / "none.tsv")


def test_articles_of_unknown_time_are_left_out_where_a_day_is_named(newsroom):
    with Import(newsroom) as add:
        row = article(make_news(1)[0], 0) | {"news_id": "when", "published_at": None, "title": "The goal wins a coach"}
        add.news([row])
    of_all = [pair.text for part in read_pairs(newsroom, ["headline"], None) for pair in part]
    dated = [pair.text for part in read_pairs(newsroom, ["headline"], date(2030, 1, 1)) for pair in part]
    assert of_all[0] == "The goal wins a coach" and "The goal wins a coach" not in dated

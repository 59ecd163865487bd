"""Figures and tables of documents, written as the results give them."""

import json

import pytest

from broadsheet.errors import InputError
from broadsheet.evaluation.documents.figures import without_figures, written
from broadsheet.evaluation.documents.results import Results

NIGHT = {
    "date": "2026-11-29T06:16:19+00:00",
    "commit": "451953687ecf2d1be6580475f7f9592a10dfa01a",
    "rows": {"1 % changed": {"share": 0.0786}, "first": {"share": 1.0}},
    "differences": [
        {"of": "a", "minus": "b", "mean": 0.01, "low": -0.5, "high": 0.25},
        {"of": "a", "minus": "c", "mean": -0.02, "low": -0.03, "high": -0.01},
    ],
}


@pytest.fixture
def results(tmp_path):
    (tmp_path / "night.json").write_text(json.dumps(NIGHT), "utf-8")
    return Results(tmp_path)


def figure(path, shown=""):
    return f"It is <!-- figure: {path} -->{shown}<!-- end -->."


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("night/rows/1 % changed/share .1%", "7.9%"),
        ("least/night/rows/*/share .2f", "0.08"),
        ("most/night/rows/*/share .2f", "1.00"),
        ("count/night/rows/* d", "2"),
        ("night/differences/1/mean +.2f", "-0.02"),
        ("night/differences/of=a;minus=b interval", "0.0100 [-0.5000, 0.2500]"),
        ("night/differences/of=a;minus=b +interval", "+0.0100 [-0.5000, +0.2500]"),
        ("night/date date", "2026-11-29"),
        ("night/commit commit", "4519536"),
    ],
)
def test_a_figure_is_written_as_its_marker_asks_for_whatever_stood_there(results, path, shown):
    assert written(figure(path, "9.99"), results, {}) == figure(path, shown)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("day/rows d", "day.json: no such file"),
        ("night/rows/second/share .1f", "found no 'second', expected one of: 1 % changed, first"),
        ("night/differences/of=a/mean .1f", "found no 'of=a'"),
        ("night/rows .1f", "cannot be written as '.1f'"),
    ],
)
def test_a_figure_that_the_results_do_not_have_is_an_error_that_names_it(results, path, message):
    with pytest.raises(InputError, match=message):
        written(figure(path), results, {})


@pytest.mark.parametrize("before", ["", "- ", "1. ", "> "])
def test_a_figure_that_begins_a_line_is_refused_since_markdown_would_take_the_line_for_html(results, before):
    with pytest.raises(InputError, match="a figure begins the line"):
        written(f"{before}<!-- figure: night/date date --><!-- end --> was the day", results, {})


def test_a_table_stands_between_its_marker_and_the_end(results):
    text = "Before.\n\n<!-- table: shares -->\nold\n<!-- end -->\n\nAfter."
    tables = {"shares": lambda found: f"| {found.find('night/rows/first/share')} |\n"}
    assert written(text, results, tables) == text.replace("old\n", "| 1.0 |\n")
    with pytest.raises(InputError, match="table 'shares': not known, expected one of ranking"):
        written(text, results, {"ranking": str})


def test_what_is_typed_by_hand_is_what_is_left_without_figures_and_tables():
    text = f"1.5 {figure('night/date date', '2.5')}\n<!-- table: a -->\n3.5\n<!-- end -->\n4.5"
    assert without_figures(text) == "1.5 It is .\n\n4.5"

"""The report of the benchmark of exploration: tables, sentences on what pays, and plots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from broadsheet.evaluation.report.bands import plot_bands
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import origin
from broadsheet.evaluation.simulation.card import card_lines
from broadsheet.evaluation.simulation.exploration import GREEDY, HIDDEN, HOURS, LATER, SOON
from broadsheet.markdown import table


def report_exploration(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables and its plots of the first world."""
    rows = document["worlds"][HIDDEN]
    days = range(1, document["card"]["days"] + 1)
    gains = {name: _percent(row["gain_until_day"]) for name, row in rows.items() if name != GREEDY}
    regrets = {name: row["regret_until_day"] for name, row in rows.items()}
    known = {name: _percent(row["known_by_hour"]) for name, row in rows.items()}
    plots = {
        "": partial(
            plot_bands,
            gains,
            days,
            "Clicks from the first day on, against greedy",
            x="day",
            y="more clicks than greedy, %",
        ),
        "-regret": partial(
            plot_bands,
            regrets,
            days,
            "Clicks that the best pages would have had more",
            x="day",
            y="clicks so far",
        ),
        "-young": partial(
            plot_bands,
            known,
            HOURS,
            f"Young articles with {document['enough']} showings",
            x="hours since publication",
            y="% of the articles",
        ),
    }
    name = f"exploration-{document['card']['newsroom']}"
    return Report(name, document, [*_lines(document)], plots)


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    card = document["card"]
    yield (
        f"{card['readers']:,} simulated readers, {card['days']} days, {document['seeds']} seeds. Clicks are compared "
        f"by the mean that the truth gives to the pages shown. Intervals: {document['intervals']}."
    )
    for world, rows in document["worlds"].items():
        yield from ("", f"## World: {world}", "")
        yield from table(_HEAD, ([name, *_cells(row)] for name, row in rows.items()))
        yield ""
        yield from (f"- {_verdict(name, row)}" for name, row in rows.items() if name != GREEDY)
    yield from ("", "## What the columns are", "", *_NOTES, "", "## What is assumed", "", *card_lines(card), "")
    yield origin(document)


_HEAD = [
    "policy",
    "clicks",
    "against greedy",
    "on day 1",
    "regret a page",
    f"known in {SOON} h",
    f"known in {LATER} h",
    "best tenth, hours",
    "hides a page",
    "explored a page",
]
_NOTES = (
    "- clicks: all that were counted. against greedy: mean clicks of all days; on day 1: the price, or the gain, of "
    "the first day.",
    "- regret a page: mean clicks that the best page would have had more, for one who knows every reader's taste and "
    "every hidden quality. The best page is that for the state in which the policy left the readers.",
    "- known: share of the articles published in these days that had 100 showings, each in a slot of a page, within "
    "that time. Articles of the last days have less time than that.",
    "- best tenth: median hours until 100 showings of the tenth of these articles with the highest hidden quality.",
    "- explored a page: slots with another article than the best left.",
)


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [
        f"{row['clicks']['mean']:,.0f}",
        _cell(row["gain"], "+.1%"),
        _cell(row["gain_on_day_1"], "+.1%"),
        _cell(row["regret_a_page"], ".3f"),
        _cell(row[f"known_in_{SOON}_hours"], ".1%"),
        _cell(row[f"known_in_{LATER}_hours"], ".1%"),
        _cell(row["median_hours_of_the_best"], ".0f") or "more than half never",
        _cell(row["hides_a_page"], ".4f"),
        _cell(row["explored_a_page"], ".2f"),
    ]


def _verdict(name: str, row: Mapping[str, Any]) -> str:
    gain = row["gain"]
    if gain["low"] is None:
        return f"{name}: one seed does not tell."
    if gain["low"] > 0:
        return f"{name} pays: more clicks than greedy, {_cell(gain, '+.1%')}."
    if gain["high"] < 0:
        return f"{name} does not pay: fewer clicks than greedy, {_cell(gain, '+.1%')}."
    return f"{name}: not told apart from greedy in clicks, {_cell(gain, '+.1%')}."


def _cell(value: Mapping[str, float | None], form: str) -> str:
    if value["mean"] is None:
        return ""
    if value["low"] is None or value["high"] is None:
        return f"{value['mean']:{form}}"
    return f"{value['mean']:{form}} [{value['low']:{form}}, {value['high']:{form}}]"


def _percent(values: list[dict[str, float | None]]) -> list[dict[str, float | None]]:
    return [{key: None if number is None else 100 * number for key, number in one.items()} for one in values]

"""The words that a story could have, side by side, and what the fact gate finds in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from broadsheet.pages.labels import labels_of
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import STORIES
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.pipeline.pipeline import Pipeline

MOST = 4
"""Texts of the edition that are shown: an article may have others for other readers."""
SUMMARY_WORDS = 60


@dataclass(frozen=True)
class Words:
    """A headline and a summary of a story."""

    whose: str
    "Such as: The publisher’s words."
    headline: str
    summary: str
    found: Mapping[str, list[str]]
    "What the gate found in the headline and in the summary."
    refused: tuple[str, ...] = ()
    "Drafts that were refused, or not made, before these words were taken."


def article_of(bench: Workbench, news_id: str) -> dict[str, Any] | None:
    """Return an article, also one under an embargo, with its texts made legible; None for an unknown id."""
    from broadsheet.generate.text.articles import legible

    row = bench.data.catalogue.all_rows.get(news_id)
    return None if row is None else {**legible(bench.data.catalogue.news.slice(row, 1).to_pylist()[0])}


def words_of(pipeline: Pipeline, article: Mapping[str, Any]) -> list[Words]:
    """Return the words that a story has on pages now, the edition's drafts, an extract, and the publisher's own."""
    from broadsheet.generate.extracts.extract import extract

    shown = pipeline.stories([article["news_id"]]).to_pylist()
    found = [_words("On pages now", article, row) for row in shown]
    found += [_words("The edition’s words", article, row) for row in _of_edition(pipeline.bench, article)]
    taken = extract(article["title"], article["abstract"], article["body"], SUMMARY_WORDS)
    found.append(_words("An extract", article, {"headline": article["title"], "summary": taken}))
    own = {"headline": article["title"], "summary": article["abstract"]}
    return [*found, _words("The publisher’s words", article, own)]


def gate_findings(article: Mapping[str, Any], headline: str, summary: str) -> dict[str, list[str]]:
    """Return what the fact gate and the check of tone find in a headline and in a summary of an article."""
    from broadsheet.generate.gate.facts import check
    from broadsheet.generate.gate.tone import tone_problems
    from broadsheet.generate.text.articles import whole_text

    whole = whole_text(article)
    found = {"headline": check(headline, whole) + tone_problems(headline, article, is_headline=True)}
    return found | {"summary": check(summary, whole) + tone_problems(summary, article) if summary else []}


def _words(whose: str, article: Mapping[str, Any], row: Mapping[str, Any]) -> Words:
    method = row.get("method")
    made = f"{whose} (headline {_by(method['headline'])}, summary {_by(method['summary'])})" if method else whose
    found = gate_findings(article, row["headline"], row["summary"])
    return Words(made, row["headline"], row["summary"], found, tuple(row.get("checks", ())))


def _by(method: str) -> str:
    """Return how a text was made, in words."""
    return labels_of("en", {}).get(f"by_{method}", method)


def _of_edition(bench: Workbench, article: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the edition's different texts for an article, made for whatever reader."""
    stories = read_table(bench.data.edition.stories, STORIES)
    rows = stories.filter(pc.equal(stories["news_id"], article["news_id"])).to_pylist()
    return list({(row["headline"], row["summary"]): row for row in rows}.values())[:MOST]

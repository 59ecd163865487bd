"""The reasons on readers' pages: how many are personal, how many differ, and how many pass the deletion test.

What a personal reason names is taken away: the article read, all articles read of the section or source or with the
name, or the part of the reader's own words. The reason passes if the score of its story falls.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from broadsheet.evaluation.report.files import Report
from broadsheet.live.live_workbench import request_time
from broadsheet.markdown import table
from broadsheet.pages.page import Page
from broadsheet.pipeline import Pipeline
from broadsheet.rerank.reasons.headline_names import headline
from broadsheet.rerank.reasons.sentences import OFTEN, Language, language_of, named_in, sentences_of
from broadsheet.retrieval import interest_vectors
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import USERS
from broadsheet.workbench.workbench import Workbench

COUNTS = {
    "stories": "stories of the page",
    "personal": "reasons that name what the reader read, often reads or asked for",
    "without": "stories without a reason, since the page has each sentence that is true of them often enough",
    "distinct": "different sentences",
    "most alike": "stories with the most frequent sentence, apart from the date in it",
    "passing": "personal reasons of which the story's score falls when what they name is taken away",
}
_DATE = re.compile(r"\d+ [A-Z][a-z]+ \d{4}")


def measure_pages(pipeline: Pipeline, user_ids: Sequence[str], k: int) -> list[dict[str, Any]]:
    """Return the counts of each reader's page of at most k stories, in the order of the ids."""
    pages = pipeline.run_many(user_ids, k)
    return [{"reader": page.user_id, **_counts(pipeline.bench, page)} for page in pages]


def _counts(bench: Workbench, page: Page) -> dict[str, int]:
    language, rows = language_of("en"), page.stories.to_pylist()
    said = Counter(_DATE.sub("", row["reason"]) for row in rows if row["reason"])
    named = [named_by(row["reason"], language) for row in rows]
    personal = [(row, *one) for row, one in zip(rows, named, strict=True) if one is not None]
    return {
        "stories": len(rows),
        "personal": len(personal),
        "without": sum(not row["reason"] for row in rows),
        "distinct": len({row["reason"] for row in rows if row["reason"]}),
        "most alike": max(said.values(), default=0),
        "passing": sum(_passes(bench, page.user_id, *one) for one in personal),
    }


def named_by(reason: str, language: Language) -> tuple[str, str] | None:
    """Return the field of Evidence that a personal reason names, and the text there; None for any other reason."""
    personal = (language.read, *language.asked, language.of_name)
    often = sentences_of(language)
    for sentence in (*personal, *(one for signal in OFTEN.values() for one in often[signal])):
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(sentence))
        if found := re.fullmatch(pattern, reason):
            field = named_in(sentence)[0]
            return field, found[field]
    return None


def _passes(bench: Workbench, user_id: str, row: Mapping[str, Any], field: str, text: str) -> bool:
    """Whether the score of a story falls when what its reason names is taken away from the reader."""
    as_of = request_time(bench)
    (user,) = bench.data.readers.audience.state([user_id], as_of).to_pylist()
    changed = {**user, **_without(bench, user, row, field, text)}
    users = from_rows([{**one, "user_id": str(number)} for number, one in enumerate((user, changed))], USERS)
    readers = bench.readers(users)
    interests = interest_vectors(bench.retriever.vectors(readers))
    offers = [
        bench.retriever.describe(reader, vectors, [row["news_id"]], as_of)
        for reader, vectors in zip(readers, interests, strict=True)
    ]
    with_it, without = np.concatenate(bench.reranker.scores(readers, offers)).tolist()
    return bool(with_it > without)


def _without(
    bench: Workbench, user: Mapping[str, Any], row: Mapping[str, Any], field: str, text: str
) -> dict[str, Any]:
    """Return the columns of a reader that change when what a reason names is taken away."""
    if field == "profile":
        words = user["profile"] if text.endswith("…") else user["profile"].replace(text, "", 1)
        return {"profile": "" if words == user["profile"] else words}
    catalogue = bench.data.catalogue
    known = [news_id for news_id in user["history"] if news_id in catalogue.row_of]
    columns = ["news_id", "title", "category", "subcategory", "source"]
    read = catalogue.news.select(columns).take(catalogue.rows(known)).to_pylist()
    gone = {
        one["news_id"]
        for one in read
        if (
            one["news_id"] == row["because_news_id"]
            if field == "title"
            else tuple(text.split(" ")) in headline(one["title"]).parts
            if field == "name"
            else one[field] == text
        )
    }
    return {"history": [one for one in user["history"] if one not in gone], "reads": None, "acts": None}


def report_page_reasons(document: Mapping[str, Any]) -> Report:
    """Return the document with a table for each measurement, and what its columns count."""
    lines = list[str]()
    for name, pages in document["pages"].items():
        total = {count: sum(page[count] for page in pages) for count in COUNTS}
        total["most alike"] = max((page["most alike"] for page in pages), default=0)
        rows = [*pages, {"reader": "all", **total}]
        lines += [f"**{name}**", "", *table(["page", *COUNTS], [[one["reader"], *_cells(one)] for one in rows]), ""]
    lines += [*(f"- {name}: {meaning}." for name, meaning in COUNTS.items())]
    return Report(document["benchmark"], dict(document), lines, {})


def _cells(page: Mapping[str, Any]) -> list[str]:
    return [f"{page[count]:,}" for count in COUNTS]

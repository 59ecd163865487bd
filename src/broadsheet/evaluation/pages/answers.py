"""The benchmark of answers: whether open requests are answered, whether citations hold, and how soon answers come."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import Any

from broadsheet.errors import InputError
from broadsheet.evaluation.pages.requests import ANSWERED, UNANSWERED
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import origin
from broadsheet.markdown import table
from broadsheet.pages.page import Page
from broadsheet.pipeline import Pipeline
from broadsheet.progress import Say

ROUNDS = 3
WARM_UP = "a good day for tennis"


def measure_answers(newsroom: Path, show: Say, language: str = "en") -> dict[str, Any]:
    """Ask each request of a language three times and return the document; times are medians, in seconds.

    `newsroom` is the folder of a newsroom with an edition: the demo's for `en`. The document has no words of the news;
    `show` is given the answers with the titles of their stories, to be read. Raises InputError for a language without
    requests.
    """
    if language not in ANSWERED:
        raise InputError(f"language: found {language!r}, expected one of {', '.join(ANSWERED)}.")
    started = time.perf_counter()
    pipeline = Pipeline.open(newsroom)
    opened = time.perf_counter() - started
    _, first = _timed(pipeline, WARM_UP)
    asked = [(request, True) for request in ANSWERED[language]]
    asked += [(request, False) for request in UNANSWERED[language]]
    rows = [{"request": request, "answered_by_the_news": there} | _ask(pipeline, request) for request, there in asked]
    document = {
        **stamp(),
        "newsroom": newsroom.absolute().name,
        "language": language,
        "encoder": pipeline.bench.models.encoder,
        "articles": len(pipeline.bench.data.catalogue),
        "rounds": ROUNDS,
        "opened_s": round(opened, 1),
        "first_request_after_opening_s": round(first, 2),
        "summary": _summary(rows),
        "requests": [_without_texts(row) for row in rows],
    }
    show(_to_read(rows))
    return document


def _without_texts(row: dict[str, Any]) -> dict[str, Any]:
    sentences = [{name: one[name] for name in ("ranks", "news_ids")} for one in row["sentences"]]
    nearest = [story["news_id"] for story in row["nearest"]]
    return {name: value for name, value in row.items() if name != "text"} | {"sentences": sentences, "nearest": nearest}


def _timed(pipeline: Pipeline, request: str) -> tuple[Page, float]:
    started = time.perf_counter()
    page = pipeline.ask(request)
    return page, time.perf_counter() - started


def _ask(pipeline: Pipeline, request: str) -> dict[str, Any]:
    """Return the answer to a request, its citations held against the corpus, and the medians of its seconds."""
    rounds = [_timed(pipeline, request) for _ in range(ROUNDS)]
    page = rounds[0][0]
    assert page.answer is not None
    first = [sum(page.timings.values()) - page.timings["generate"] for page, _ in rounds]
    stories = page.stories.to_pylist()
    return {
        **page.answer.to_dict(),
        "citations": [_holds(pipeline, page, sentence) for sentence in page.answer.to_dict()["sentences"]],
        "same_in_all_rounds": all(other.answer == page.answer for other, _ in rounds),
        "nearest": [{"news_id": story["news_id"], "title": story["title"]} for story in stories[:3]],
        "first_words_s": round(median(first), 3),
        "whole_page_s": round(median(seconds for _, seconds in rounds), 3),
    }


def _holds(pipeline: Pipeline, page: Page, sentence: dict[str, Any]) -> bool:
    catalogue, ids = pipeline.bench.data.catalogue, page.stories.column("news_id").to_pylist()
    news = catalogue.news.take(catalogue.rows(sentence["news_ids"])).to_pylist()
    said = [sentence["text"] in article["abstract"] or sentence["text"] in article["body"] for article in news]
    right = [ids[rank - 1] for rank in sentence["ranks"]] == sentence["news_ids"]
    return bool(said) and all(said) and right


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    there = [row for row in rows if row["answered_by_the_news"]]
    absent = [row for row in rows if not row["answered_by_the_news"]]
    citations = [holds for row in rows for holds in row["citations"]]
    return {
        "answered": f"{sum(bool(row['sentences']) for row in there)} of {len(there)}",
        "found": f"{sum(row['found'] for row in there)} of {len(there)}",
        "told_that_nothing_matches": f"{sum(not row['found'] for row in absent)} of {len(absent)}",
        "citations_that_hold": f"{sum(citations)} of {len(citations)}",
        "first_words_s": {"median": median(row["first_words_s"] for row in rows)}
        | {"most": max(row["first_words_s"] for row in rows)},
        "whole_page_s": {"median": median(row["whole_page_s"] for row in rows)}
        | {"most": max(row["whole_page_s"] for row in rows)},
    }


def report_answers(document: dict[str, Any]) -> Report:
    """Return the document with its table of requests."""
    head = ["request", "answer", "citations that hold", "first words, s", "whole page, s"]
    rows = (
        [
            row["request"],
            f"{len(row['sentences'])} sentences" if row["found"] else "nothing matches",
            f"{sum(row['citations'])} of {len(row['citations'])}" if row["citations"] else "",
            f"{row['first_words_s']:.3f}",
            f"{row['whole_page_s']:.3f}",
        ]
        for row in document["requests"]
    )
    language = document.get("language", "en")
    name = "ask" if language == "en" else f"ask-{language}"
    return Report(name, document, [*table(head, rows), "", *_about(document), "", origin(document)])


def _about(document: dict[str, Any]) -> list[str]:
    summary = document["summary"]
    first, whole = (summary[name] for name in ("first_words_s", "whole_page_s"))
    return [
        f"Of the requests that the news answers {summary['answered']} were answered; of those that it does not "
        f"{summary['told_that_nothing_matches']} were told so. Citations that hold: {summary['citations_that_hold']}.",
        "",
        f"First words: median {first['median']:.3f} s, most {first['most']:.3f} s; whole page: median "
        f"{whole['median']:.3f} s, most {whole['most']:.3f} s; medians of {document['rounds']} rounds each. Opened in "
        f"{document['opened_s']} s; the first request then took {document['first_request_after_opening_s']} s. "
        f"{document['articles']:,} articles.",
    ]


def _to_read(rows: list[dict[str, Any]]) -> str:
    """Return each answer with the stories that it stands above."""
    lines = ["", "## The answers"]
    for row in rows:
        lines += ["", f"**{row['request']}**", "", row["text"].replace("\n", " "), ""]
        lines += [f"{rank}. {story['title']}" for rank, story in enumerate(row["nearest"], 1)]
    return "\n".join(lines)

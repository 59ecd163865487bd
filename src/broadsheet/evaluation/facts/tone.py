"""The benchmark of the rules on tone: how often they refuse real texts, which an editor has let pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.generate.extracts.extract import lead_sentences
from broadsheet.generate.gate.tone import TONE, tone_problems
from broadsheet.generate.stories.drafts import telling_sentences
from broadsheet.markdown import table
from broadsheet.newsroom import Newsroom
from broadsheet.progress import Say
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS

MOST_CHECKS = 12
"""Checks that the table names of each kind of text, the most frequent first."""


def measure_tone(newsroom: Newsroom, show: Say) -> dict[str, Any]:
    """Check the texts of the newsroom's articles and return the document: how many of each kind are refused, and why.

    `show` is given each text that is refused, with its kind and the checks that refuse it.
    """
    texts, refused = Counter[str](), Counter[str]()
    checks: dict[str, Counter[str]] = {}
    rows = read_table(newsroom.news, NEWS).to_pylist()
    for kind, text, article in (one for row in rows for one in _texts(row)):
        found = tone_problems(text, article, is_headline="headline" in kind)
        texts[kind] += 1
        refused[kind] += bool(found)
        checks.setdefault(kind, Counter()).update(found)
        if found:
            show(f"{kind}: {', '.join(found)}: {text}")
    return {
        **stamp(),
        "newsroom": newsroom.path.absolute().name,
        "rules": TONE,
        "articles": len(rows),
        "kinds": {
            kind: {"texts": texts[kind], "refused": refused[kind], "checks": dict(checks[kind].most_common())}
            for kind in texts
        },
    }


def _texts(article: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    yield "title as headline", article["title"], article
    yield "title as headline, of an article without it", article["title"], {**article, "title": ""}
    lead = lead_sentences(article["body"] if article["body"].strip() else article["abstract"])
    telling = telling_sentences(article)
    yield from (("sentence of the lead that can be a headline", sentence, article) for sentence in telling)
    yield from (("sentence of the lead in a summary", sentence, article) for sentence in lead)


def report_tone(document: dict[str, Any]) -> Report:
    """Return the document with a table of the kinds of texts."""
    rows = (
        [
            kind,
            f"{row['texts']:,}",
            f"{row['refused']:,}",
            f"{row['refused'] / row['texts']:.4f}",
            ", ".join(f"{check} {times}" for check, times in list(row["checks"].items())[:MOST_CHECKS]),
        ]
        for kind, row in document["kinds"].items()
    )
    about = f"{document['articles']:,} articles; rules {document['rules']}; commit {document['commit'][:12]}."
    return Report("tone", document, [*table(["text", "number", "refused", "share", "by most often"], rows), "", about])

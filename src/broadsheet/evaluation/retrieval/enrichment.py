"""The benchmark of enriched titles: whether the news tower puts articles on one event nearer together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.evaluation.report.document import SAMPLES, stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import cell, origin
from broadsheet.generate.extracts.extract import lead_sentences
from broadsheet.generate.extracts.key_facts import key_facts
from broadsheet.generate.text.words import sentences, without_dateline
from broadsheet.markdown import table
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.newsroom import Newsroom
from broadsheet.retrieval.towers.article_text import PLAIN, ArticleText
from broadsheet.retrieval.towers.news_tower import NewsTower
from broadsheet.tables.arrays import Flags, Floats, Rows, Vectors
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS
from broadsheet.workbench.models import EditionModels

LIKE, DAYS = 0.3, 2.0
METRICS = ("recall@1", "recall@10", "mrr")
DEFINITION = (
    f"The partner of an article is the article of another outlet within {DAYS:g} days with the most similar body "
    f"(cosine of TF-IDF, at least {LIKE:g}; bodies without the lead sentences that enriched titles are taken from). "
    "Its place is that among all articles of other outlets of these days. Intervals: 95 %, bootstrap over pairs, 5000 "
    "samples, seed 0."
)


def measure_enrichment(newsroom: Newsroom) -> dict[str, Any]:
    """Encode the corpus by plain and by enriched titles, and return the document; no edition is needed.

    Raises NewsroomError if the newsroom has no articles.
    """
    newsroom.require()
    tower = EditionModels(newsroom, newsroom.config()).news_tower
    return {
        **stamp(),
        "newsroom": newsroom.path.absolute().name,
        "news_tower": tower.fingerprint,
        "definition": DEFINITION,
        **_measure(read_table(newsroom.news, NEWS), tower),
    }


def _measure(news: pa.Table, tower: NewsTower) -> dict[str, Any]:
    near = _comparable(news)
    partner, likeness = _partners(news, near)
    queries = np.flatnonzero(likeness >= LIKE)
    texts = [PLAIN(news), ArticleText(key_facts)(news)]
    changed = np.array([before != after for before, after in zip(*texts, strict=True)])
    one, other = changed[queries], changed[partner[queries]]
    slices = {
        "all": np.ones(len(queries), bool),
        "both of the pair enriched": one & other,
        "one of the pair enriched": one ^ other,
        "neither enriched": ~(one | other),
    }
    plain = tower(texts[0])
    enriched = plain.copy()
    enriched[changed] = tower([text for text, new in zip(texts[1], changed, strict=True) if new])
    values = [_values(vectors, queries, partner, near) for vectors in (plain, enriched)]
    pairs = [str(sorted(pair)) for pair in zip(queries.tolist(), partner[queries].tolist(), strict=True)]
    return {
        "articles": len(news),
        "enriched": int(changed.sum()),
        "queries": len(queries),
        "candidates_of_a_query": round(float(near[queries].sum(1).mean()), 1),
        "slices": {name: _compare(values, np.array(pairs), kept) for name, kept in slices.items() if kept.any()},
    }


def _comparable(news: pa.Table) -> Flags:
    """Return which articles are of another outlet and within DAYS of each other (articles, articles)."""
    source = np.array(news["source"].to_pylist())
    days = np.array([time.timestamp() / 86400 if time else np.nan for time in news["published_at"].to_pylist()])
    near = np.abs(days[:, None] - days) <= DAYS  # an article without a time is near no other
    return np.asarray((source[:, None] != source) & near)


def _partners(news: pa.Table, near: Flags) -> tuple[Rows, Floats]:
    """Return the article whose body is most like each one's, and how like it is."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    bodies = []
    for body in news["body"].to_pylist():
        lead = set(lead_sentences(body))
        bodies.append(" ".join(one for one in sentences(without_dateline(body)) if one not in lead))
    weights = TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2).fit_transform(bodies)
    likeness = np.where(near, (weights @ weights.T).toarray(), -1.0)
    return likeness.argmax(1), likeness.max(1)


def _values(
    vectors: Vectors,
    queries: Rows,
    partner: Rows,
    near: Flags,
) -> dict[str, Floats]:
    scores = np.where(near[queries], vectors[queries] @ vectors.T, -np.inf)
    found = scores[np.arange(len(queries)), partner[queries]]
    rank = 1 + (scores > found[:, None]).sum(1)
    return {"recall@1": (rank <= 1).astype(float), "recall@10": (rank <= 10).astype(float), "mrr": 1 / rank}


def _compare(values: list[dict[str, Floats]], pairs: npt.NDArray[np.str_], kept: Flags) -> dict[str, Any]:
    bootstrap = Bootstrap(pairs[kept], np.random.default_rng(0), SAMPLES)
    plain, enriched = ({name: value[kept] for name, value in one.items()} for one in values)
    return {
        "queries": int(kept.sum()),
        "plain": bootstrap.intervals(plain),
        "enriched": bootstrap.intervals(enriched),
        "difference": {name: bootstrap.difference(enriched[name], plain[name])._asdict() for name in METRICS},
    }


def report_enrichment(document: dict[str, Any]) -> Report:
    """Return the document with a table of plain and enriched titles and their differences."""
    rows = (
        [name, found["queries"], row, *(cell(found[row][metric], sign) for metric in METRICS)]
        for name, found in document["slices"].items()
        for row, sign in (("plain", ""), ("enriched", ""), ("difference", "+"))
    )
    lines = [
        *table(["articles", "queries", "titles", *METRICS], rows),
        "",
        f"{document['articles']:,} articles, of which {document['enriched']:,} have an enriched title; "
        f"{document['queries']} with a partner, {document['candidates_of_a_query']:.0f} candidates each. "
        f"{document['definition']}",
        "",
        origin(document),
    ]
    return Report("enrichment", document, lines)

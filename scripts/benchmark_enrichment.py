"""Measure whether enriched titles bring articles on one event nearer to one another in the news tower.

For each article the partner is the article of another outlet within two days whose body is most like its own, by
TF-IDF over the bodies without the lead sentences that an enriched title is taken from; pairs below LIKE are left out.
Measured is how high the partner stands among the articles of other outlets of these days, by the tower's vectors of
plain and of enriched titles. Needs a corpus alone, no edition, and takes one or two minutes on one core.

Example: python scripts/benchmark_enrichment.py demo/newsroom --out benchmarks/results
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
import typer

if TYPE_CHECKING:
    import pyarrow as pa

    from broadsheet.retrieval.towers.news_tower import NewsTower

LIKE, DAYS = 0.3, 2.0
METRICS = ("recall@1", "recall@10", "mrr")
DEFINITION = (
    f"The partner of an article is the article of another outlet within {DAYS:g} days with the most similar body "
    f"(cosine of TF-IDF, at least {LIKE:g}; bodies without the lead sentences that enriched titles are taken from). "
    "Its place is that among all articles of other outlets of these days. Intervals: 95 %, bootstrap over pairs, 5000 "
    "samples, seed 0."
)


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The demo newsroom's folder.")],
    out: Annotated[Path | None, typer.Option(help="Folder for enrichment.json and enrichment.md.")] = None,
) -> None:
    """Encode plain and enriched titles, and compare."""
    from broadsheet.evaluation.report.document import make_folder, stamp
    from broadsheet.newsroom import Newsroom
    from broadsheet.tables.arrow_files import read_table
    from broadsheet.tables.files import write_json, write_text
    from broadsheet.tables.schemas import NEWS
    from broadsheet.workbench.models import EditionModels

    if out:
        make_folder("--out", out)
    room = Newsroom(newsroom)
    room.require()
    tower = EditionModels(room, room.config()).news_tower
    news = read_table(room.news, NEWS)
    document = {
        **stamp(Path(__file__).parent),
        "newsroom": newsroom.absolute().name,
        "news_tower": tower.fingerprint,
        "definition": DEFINITION,
        **_measure(news, tower),
    }
    print(_table(document))
    if out:
        write_json(out / "enrichment.json", document)
        write_text(out / "enrichment.md", _table(document))


def _measure(news: pa.Table, tower: NewsTower) -> dict[str, Any]:
    from broadsheet.generate.extracts.key_facts import key_facts
    from broadsheet.retrieval.towers.article_text import PLAIN, ArticleText

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


def _comparable(news: pa.Table) -> npt.NDArray[np.bool_]:
    """Return which articles are of another outlet and within DAYS of each other (articles, articles)."""
    source = np.array(news["source"].to_pylist())
    days = np.array([time.timestamp() / 86400 if time else np.nan for time in news["published_at"].to_pylist()])
    return (source[:, None] != source) & (np.abs(days[:, None] - days) <= DAYS)  # no time is not near any


def _partners(news: pa.Table, near: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the article whose body is most like each one's, and how like it is."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    from broadsheet.generate.extracts.extract import lead_sentences
    from broadsheet.generate.text.words import sentences, without_dateline

    bodies = []
    for body in news["body"].to_pylist():
        lead = set(lead_sentences(body))
        bodies.append(" ".join(one for one in sentences(without_dateline(body)) if one not in lead))
    weights = TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2).fit_transform(bodies)
    likeness = np.where(near, (weights @ weights.T).toarray(), -1.0)
    return likeness.argmax(1), likeness.max(1)


def _values(
    vectors: npt.NDArray[np.float32],
    queries: npt.NDArray[np.int64],
    partner: npt.NDArray[np.int64],
    near: npt.NDArray[np.bool_],
) -> dict[str, npt.NDArray[np.float64]]:
    scores = np.where(near[queries], vectors[queries] @ vectors.T, -np.inf)
    found = scores[np.arange(len(queries)), partner[queries]]
    rank = 1 + (scores > found[:, None]).sum(1)
    return {"recall@1": (rank <= 1).astype(float), "recall@10": (rank <= 10).astype(float), "mrr": 1 / rank}


def _compare(
    values: list[dict[str, npt.NDArray[np.float64]]], pairs: npt.NDArray[np.str_], kept: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    from broadsheet.evaluation.report.document import SAMPLES
    from broadsheet.metrics.intervals import Bootstrap

    bootstrap = Bootstrap(pairs[kept], np.random.default_rng(0), SAMPLES)
    plain, enriched = ({name: value[kept] for name, value in one.items()} for one in values)
    return {
        "queries": int(kept.sum()),
        "plain": bootstrap.intervals(plain),
        "enriched": bootstrap.intervals(enriched),
        "difference": {name: bootstrap.difference(enriched[name], plain[name])._asdict() for name in METRICS},
    }


def _table(document: dict[str, Any]) -> str:
    from broadsheet.evaluation.report.document import cell

    lines = [f"| articles | queries | titles | {' | '.join(METRICS)} |", "|---" * (3 + len(METRICS)) + "|"]
    for name, found in document["slices"].items():
        for row, sign in (("plain", ""), ("enriched", ""), ("difference", "+")):
            cells = [cell(found[row][metric], sign) for metric in METRICS]
            lines.append(f"| {name} | {found['queries']} | {row} | {' | '.join(cells)} |")
    machine = document["machine"]
    lines += [
        "",
        f"{document['articles']:,} articles, of which {document['enriched']:,} have an enriched title; "
        f"{document['queries']} with a partner, {document['candidates_of_a_query']:.0f} candidates each. "
        f"{document['definition']}",
        "",
        f"{machine['processor']}, {machine['cores']} cores; commit {document['commit'][:12]}, {document['date']}.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from command import run

    run(benchmark)

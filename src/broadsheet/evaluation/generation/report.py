"""The report of the benchmark of generation: document, tables and plots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from broadsheet.evaluation.generation.benchmark import WritingFindings
from broadsheet.evaluation.generation.examples import LEAST_ABSTRACT, LEAST_WORDS
from broadsheet.evaluation.generation.measures import DEFINITIONS, LIKENESS, PERSONAL, mean_over
from broadsheet.evaluation.generation.rows import NOTES, OURS
from broadsheet.evaluation.report.document import SAMPLES, differences_of, filled, stamp, with_holm
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import notes, table_of_differences, table_of_means
from broadsheet.evaluation.report.plots import plot_rows
from broadsheet.markdown import table
from broadsheet.metrics.intervals import Bootstrap, Interval
from broadsheet.offline.replay import Values
from broadsheet.workbench.models import EditionModels

COMPARED = (*LIKENESS, "facts")
METRICS = (*COMPARED, "copied", "words", "fallback", "shown")
INTERVALS = (
    f"95 %, bootstrap over articles, {SAMPLES} samples, seed 0; p-values of differences corrected by Holm's method"
)


def describe_generation(findings: WritingFindings, models: EditionModels, days: Mapping[str, str]) -> dict[str, Any]:
    """Return a document that JSON can hold: means with intervals, paired differences, personality, models, versions.

    `days` say what the articles' publication lies between.
    """
    settings = models.config.generate
    means = {job: {row: mean_over(runs) for row, runs in rows.items()} for job, rows in findings.runs.items()}
    bootstrap = Bootstrap([one.news_id for one in findings.examples], np.random.default_rng(0), SAMPLES)
    return {
        "benchmark": "generation",
        **stamp(),
        "articles": {"newsroom": models.newsroom.path.name, "measured": len(findings.examples), **days}
        | {"with_abstract": sum(bool(one.abstract) for one in findings.examples)},
        "models": {"news_tower": models.news_tower.fingerprint, "writers": findings.models},
        "settings": {"drafts": settings.drafts, "summary_words": settings.summary_words}
        | {"choice": vars(settings.choice)},
        "trainings": findings.trainings,
        "intervals": INTERVALS,
        "definitions": DEFINITIONS,
        "notes": NOTES,
        "jobs": {job: _job(findings, job, rows, bootstrap) for job, rows in means.items()},
        "differences": _all_differences(means, bootstrap),
        "personal": _personal(findings),
    }


def _job(findings: WritingFindings, job: str, rows: Mapping[str, Values], bootstrap: Bootstrap) -> dict[str, Any]:
    """Return a job's rows over all articles, and over those for which ours has a text in every run."""
    shown = rows[OURS]["shown"] == 1
    return {
        "rows": {row: bootstrap.intervals(filled(values)) for row, values in rows.items()},
        "rows_where_ours_is_shown": {row: bootstrap.intervals(_where(values, shown)) for row, values in rows.items()},
        "where_ours_is_shown": int(shown.sum()),
        "runs": {
            row: [{name: float(np.nanmean(value)) for name, value in filled(run).items()} for run in runs]
            for row, runs in findings.runs[job].items()
            if len(runs) > 1
        },
        "chosen": {row: findings.chosen(row, job) for row in findings.models if job in findings.written[row][0]},
    }


def _where(values: Values, kept: npt.NDArray[np.bool_]) -> Values:
    return filled({name: np.where(kept, found, np.nan) for name, found in values.items()})


def _all_differences(means: Mapping[str, Mapping[str, Values]], bootstrap: Bootstrap) -> list[dict[str, Any]]:
    """Return ours minus each other row, over the articles that have a value in both, corrected over all of them."""
    found: list[dict[str, Any]] = []
    for job, rows in means.items():
        for other in [row for row in rows if row != OURS]:
            for metric in COMPARED:
                pair = {row: {metric: rows[row][metric]} for row in (OURS, other)}
                both = ~np.isnan(pair[OURS][metric]) & ~np.isnan(pair[other][metric])
                if both.any():
                    parts = {row: _where(values, both) for row, values in pair.items()}
                    found += [{"job": job} | one for one in differences_of(bootstrap, parts, [(OURS, other)])]
    return with_holm(found)


def _personal(findings: WritingFindings) -> dict[str, Any]:
    if not findings.personal:
        return {"articles": 0, "definitions": PERSONAL, "values": {}, "runs": []}
    values = filled(mean_over(findings.personal))
    bootstrap = Bootstrap(list(findings.topics), np.random.default_rng(0), SAMPLES)
    runs = [{name: float(np.nanmean(value)) for name, value in filled(run).items()} for run in findings.personal]
    topics = len({topic for pair in findings.topics.values() for topic in pair})
    return {
        **{"articles": len(findings.topics), "topics": topics},
        **{"definitions": PERSONAL, "values": bootstrap.intervals(values), "runs": runs},
    }


def report_generation(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables, what was measured, and a plot of each job."""
    lines: list[str] = []
    for job, part in document["jobs"].items():
        differences = [one for one in document["differences"] if one["job"] == job]
        lines += [*table_of_means(job, part["rows"], METRICS), ""]
        lines += [f"The same over the {part['where_ours_is_shown']} articles for which ours has a text:", ""]
        lines += [*table_of_means(job, part["rows_where_ours_is_shown"], COMPARED), ""]
        lines += [*_chosen_lines(part["chosen"]), "", *table_of_differences(differences), ""]
    personal = document["personal"]
    lines += [f"## Personal headlines: {personal['articles']} articles of the same days, with two topics each", ""]
    if personal["values"]:
        lines += [*table_of_means("headline", {OURS: personal["values"]}, list(personal["values"])), ""]
    lines += ["## What was measured", "", *_about(document), "", *notes(document["notes"] | document["definitions"])]
    lines += notes({f"personal, {name}": text for name, text in personal["definitions"].items()})
    return Report("generation", document, lines, {f"-{job}": _plot(document, job) for job in document["jobs"]})


def _chosen_lines(chosen: Mapping[str, Mapping[str, int]]) -> list[str]:
    rows = (
        [row, ", ".join(f"{name} {number:,}" for name, number in methods.items())] for row, methods in chosen.items()
    )
    return table(["texts, of all runs", "in whose words"], rows)


def _plot(document: Mapping[str, Any], job: str) -> Callable[[Path], None]:
    """Return what draws a job's rows, by the metrics that all rows have."""
    rows: dict[str, dict[str, Interval]] = document["jobs"][job]["rows"]
    drawn = [name for name in METRICS if all(name in values for values in rows.values())]
    values = {row: {name: found[name] for name in drawn} for row, found in rows.items()}
    title = f"Generation: {job} of {document['articles']['measured']} articles"
    return lambda path: plot_rows(values, OURS, title, path)


def _about(document: Mapping[str, Any]) -> list[str]:
    articles, settings = document["articles"], document["settings"]
    days = " ".join(f"{word} {articles[word]}" for word in ("since", "until") if articles.get(word))
    weights = ", ".join(f"{name} {weight:g}" for name, weight in settings["choice"].items())
    return [
        f"{articles['measured']} articles of `{articles['newsroom']}`{f', {days}' if days else ''}, of at least "
        f"{LEAST_WORDS} words, without title and abstract. Reference of a headline is the title; of a summary the "
        f"abstract, if it has {LEAST_ABSTRACT} words or more and the body does not say it: that of "
        f"{articles['with_abstract']}.",
        f"{settings['drafts']} drafts, summaries of at most {settings['summary_words']} words; choice by {weights}. "
        f"{_trained(document['trainings'])}.",
        f"Intervals: {document['intervals']}. Differences are over the articles that have a value in both rows.",
    ]


def _trained(trainings: list[dict[str, Any]]) -> str:
    seeds = sorted({training["recipe"]["seed"] for training in trainings if training})
    learned = f"fine-tuned with the seeds {', '.join(map(str, seeds))}" if seeds else "not fine-tuned"
    return f"{len(trainings)} runs of ours, each with another seed of the draws; {learned}"

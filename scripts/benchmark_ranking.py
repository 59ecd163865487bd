"""Measure the ranking of shown articles on a split's impressions, by MIND's rules.

Prints Markdown tables of AUC, MRR, nDCG@5 and nDCG@10 with 95 % intervals and paired differences, of what the first
five and ten are like beyond accuracy, and of readers of few and of many articles; with --out also writes them, JSON and
plots; with --predictions the rankings themselves.

Example: python scripts/benchmark_ranking.py newsroom --split valid --towers frozen=seed-0 --towers frozen=seed-1
"""

import sys
from pathlib import Path
from typing import Annotated

import typer


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions are measured, such as valid.")],
    towers: Annotated[list[str] | None, typer.Option(help="LABEL=FOLDER; the seeds of a label are one row.")] = None,
    cross_encoder: Annotated[list[str] | None, typer.Option(help="LABEL=FOLDER of others than the own one.")] = None,
    fusion: Annotated[str | None, typer.Option(help="Split to learn the fusion of signals from; else none.")] = None,
    live: Annotated[bool, typer.Option(help="Half of the readers lend what they clicked and were shown.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plots.")] = None,
    predictions: Annotated[Path | None, typer.Option(help="Folder for the rankings in MIND's format.")] = None,
) -> None:
    """Measure chance, popularity, BM25, towers, cross-encoder, pipeline, each signal and the learned fusion."""
    from broadsheet.corpus.impressions import read_split
    from broadsheet.errors import InputError
    from broadsheet.evaluation.ranking.cross_encoders import open_cross_encoders
    from broadsheet.evaluation.ranking.findings import gather, with_fusion
    from broadsheet.evaluation.ranking.fusion import requests_of
    from broadsheet.evaluation.ranking.predictions import write_rankings
    from broadsheet.evaluation.ranking.report import describe, to_markdown, write_report
    from broadsheet.evaluation.ranking.rows import join, measure_ranking
    from broadsheet.evaluation.report.document import check_output, make_folder
    from broadsheet.evaluation.retrieval.lists import Bm25
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench, open_trained, read_folders

    def report(line: str) -> None:
        print(line, file=sys.stderr)

    if predictions and live:
        raise InputError(
            f"--predictions {predictions}: found with --live, whose halvings rank other impressions each; expected "
            "one ranking of the split. Leave one of the two out."
        )
    check_output(out)
    if predictions:
        make_folder("--predictions", predictions)
    folders, room = read_folders("--towers", towers or []), Newsroom(newsroom)
    others = read_folders("--cross-encoder", cross_encoder or [])
    bench = open_bench(room, report)
    scorers, words = open_cross_encoders(bench, others, report), Bm25(bench)
    untrained = open_bench(room, report, towers="untrained")
    measured = read_split(bench.newsroom, bench.catalogue, split)
    requests = requests_of(bench, measured, lent=live)
    found = join(
        [
            measure_ranking(view, untrained, open_trained(room, folders, report), part, scorers, words)
            for view, part in requests
        ]
    )
    findings = gather(found, requests, live=live)
    if fusion:
        learn = requests_of(bench, read_split(bench.newsroom, bench.catalogue, fusion), lent=live)
        findings = with_fusion(findings, found, requests, fusion, learn)
    document = describe(findings, bench, measured, Path(__file__).parent, live=live)
    print(to_markdown(document))
    paths = write_report(document, out) if out else []
    if predictions:
        paths += write_rankings(predictions, findings.scores, bench, split, requests[0][1])
    for path in paths:
        print(path, file=sys.stderr)


if __name__ == "__main__":
    from command import run

    run(benchmark)

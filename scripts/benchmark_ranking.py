"""Measure the ranking of shown articles on a split's impressions, by MIND's rules.

Prints a Markdown table of AUC, MRR, nDCG@5 and nDCG@10 with 95 % intervals and paired differences; with --out also
writes it, JSON and a plot.

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
    fusion: Annotated[str | None, typer.Option(help="Split to learn the fusion of signals from; else none.")] = None,
    live: Annotated[bool, typer.Option(help="Half of the readers lend what they clicked and were shown.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Measure chance, popularity, towers, the cross-encoder, the pipeline, each signal and the learned fusion."""
    from broadsheet.evaluation import read_split
    from broadsheet.evaluation_bench import open_bench, open_trained, read_towers
    from broadsheet.evaluation_fusion import FUSION, lists_of, measure_fusion, requests_of
    from broadsheet.evaluation_ranking import CROSS_ENCODER, join, measure_ranking, notes_of
    from broadsheet.evaluation_report import Findings, check_output, describe, to_markdown, write_report
    from broadsheet.newsroom import Newsroom

    def report(line: str) -> None:
        print(line, file=sys.stderr)

    check_output(out)
    folders, room = read_towers(towers or []), Newsroom(newsroom)
    bench = open_bench(room, report)
    untrained = open_bench(room, report, towers="untrained")
    measured = read_split(bench, split)
    requests = requests_of(bench, measured, lent=live)
    found = join(
        [measure_ranking(view, untrained, open_trained(room, folders, report), part) for view, part in requests]
    )
    users = [impression.user_id for _, part in requests for impression in part]
    remarks = ["Measured: impressions that keep both a click and another article, with text."]
    if CROSS_ENCODER not in found.rows:
        remarks.append(f"The row {CROSS_ENCODER!r} is left out, and the pipeline ranks without it: none was trained.")
    notes, comparisons = notes_of(found.rows), found.comparisons
    if live:
        remarks.append("Half of the readers lend their clicks and lists, the others are measured; three halvings.")
    if fusion:
        learn = lists_of(requests_of(bench, read_split(bench, fusion), lent=live))
        fused = measure_fusion(learn, lists_of(requests))
        found.rows |= fused.rows
        found.runs |= fused.runs
        notes |= fused.notes
        comparisons += found.against(FUSION) + fused.comparisons
        remarks.append(f"The fusion learned from {fusion}: {fused.figures}.")
    findings = Findings(found.rows, notes, comparisons, users, remarks, runs=found.runs, towers=found.towers)
    document = describe(findings, bench, measured, Path(__file__).parent, live=live)
    print(to_markdown(document))
    for path in write_report(document, out) if out else []:
        print(path, file=sys.stderr)


if __name__ == "__main__":
    from command import run

    run(benchmark)

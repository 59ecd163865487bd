"""How fast headlines and summaries come: by transformers' `generate`, one by one and in batches, and by ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch

from broadsheet.evaluation_generation import JOBS, Example
from broadsheet.evaluation_generation_measure import Writing
from broadsheet.evaluation_generation_plain import PlainWriter
from broadsheet.evaluation_generation_rows import our_run, story_writer
from broadsheet.evaluation_report import stamp, write_text
from broadsheet.generate import LoadedWriter, jobs, load_writer
from broadsheet.models import fingerprint, pick_device, pick_dtype
from broadsheet.newsroom import write_json
from broadsheet.workbench import Workbench

BATCH = 8
ONE_BY_ONE, BATCHED, OURS_ONE, OURS_ALL = "one by one", f"batches of {BATCH}, bfloat16", "ours, one draft", "ours"
NOTES = {
    ONE_BY_ONE: "transformers' generate, a prompt a call, in the dtype that it loads by default; greedy, at most "
    + " and ".join(f"{jobs.MOST_TOKENS[name]} tokens a {job}" for job, name in JOBS.items()),
    BATCHED: "the same in bfloat16, prompts in the order given, padded to the longest of a batch",
    OURS_ONE: "the same prompts and most tokens, with gate, extracts and choice; one draft each, the likeliest",
    OURS_ALL: "the same with the drafts of the config; its tokens are those of all drafts",
}
Work = Callable[[Sequence[Example]], list[str]]
"""Articles to all the drafts that were made for them."""


def measure_speed(writing: Writing, rounds: int, checkout: Path) -> dict[str, Any]:
    """Return a document of the seconds that each row takes for all the articles, in rounds that they take in turn.

    The commit named is that of `checkout`.
    """
    bench, examples, settings = writing.bench, writing.examples, writing.bench.config.generate
    plain, batched = PlainWriter(settings.writer), PlainWriter(settings.writer, torch.bfloat16)
    writer = load_writer(settings.writer)
    rows: dict[str, Work] = {
        ONE_BY_ONE: lambda some: _plain(plain, some, 1),
        BATCHED: lambda some: _plain(batched, some, BATCH),
        OURS_ONE: lambda some: _ours(writer, bench, some, 1),
        OURS_ALL: lambda some: _ours(writer, bench, some, settings.drafts),
    }
    seconds, made = _take_turns(rows, writing, rounds)
    tokens = {name: plain.count_tokens(drafts) for name, drafts in made.items()}
    dtypes = {ONE_BY_ONE: plain.dtype, BATCHED: batched.dtype, "ours": str(pick_dtype(pick_device()))}
    return {
        "benchmark": "generation-speed",
        **stamp(checkout),
        "threads": torch.get_num_threads(),
        "writer": {"name": Path(settings.writer).name, "fingerprint": fingerprint(settings.writer)},
        "dtypes": {name: dtype.removeprefix("torch.") for name, dtype in dtypes.items()},
        "articles": len(examples),
        "rounds": rounds,
        "drafts": settings.drafts,
        "notes": NOTES,
        "rows": {name: _figures(times, tokens[name], len(examples), seconds) for name, times in seconds.items()},
    }


def _take_turns(
    rows: Mapping[str, Work], writing: Writing, rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[str]]]:
    """Return each row's seconds by round, and its drafts."""
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    made: dict[str, list[str]] = {}
    for work in rows.values():
        work(writing.examples[:BATCH])  # warms up
    for number in range(rounds):
        for name, work in rows.items():
            started = time.perf_counter()
            made[name] = work(writing.examples)
            seconds[name].append(time.perf_counter() - started)
            writing.report(f"round {number + 1}/{rounds}: {name} {seconds[name][-1]:.1f} s")
    return seconds, made


def _figures(times: list[float], tokens: int, articles: int, seconds: dict[str, list[float]]) -> dict[str, Any]:
    spent = median(times)
    return {
        "articles_per_second": articles / spent,
        "articles_per_hour": 3600 * articles / spent,
        "seconds_per_article": spent / articles,
        "tokens_per_second": tokens / spent,
        "tokens": tokens,
        "times_one_by_one": median(a / b for a, b in zip(seconds[ONE_BY_ONE], times, strict=True)),
        "times_batched": median(a / b for a, b in zip(seconds[BATCHED], times, strict=True)),
        "seconds": times,
    }


def _plain(writer: PlainWriter, examples: Sequence[Example], batch_size: int) -> list[str]:
    return [
        draft
        for job, name in JOBS.items()
        for draft in writer(
            [one.prompt(job) for one in examples], most_tokens=jobs.MOST_TOKENS[name], batch_size=batch_size
        )
    ]


def _ours(writer: LoadedWriter, bench: Workbench, examples: Sequence[Example], drafts: int) -> list[str]:
    made: list[str] = []

    class Noted:
        """The writer, with a note of what it drafts."""

        method, model, log_likelihoods = writer.method, writer.model, writer.log_likelihoods

        def __call__(self, prompts: Sequence[str], *, count: int = 1, most_tokens: int = 56) -> list[list[str]]:
            found = writer(prompts, count=count, most_tokens=most_tokens)
            made.extend(draft for of_one in found for draft in of_one)
            return found

    write = story_writer(Noted(), bench.news_tower, bench.config.generate, drafts=drafts, k=len(examples))
    our_run(write, examples, [None] * len(examples))
    return made


def speed_to_markdown(document: dict[str, Any]) -> str:
    """Return the document as a Markdown table with what was measured."""
    lines = [
        "| writing | articles/s | articles an hour | seconds an article | new tokens/s | times one by one "
        "| times batched |",
        "|---" * 7 + "|",
    ]
    for name, row in document["rows"].items():
        cells = [f"{row['articles_per_second']:.3f}", f"{row['articles_per_hour']:,.0f}"]
        cells += [f"{row['seconds_per_article']:.2f}", f"{row['tokens_per_second']:.1f}"]
        cells += [f"{row['times_one_by_one']:.2f}", f"{row['times_batched']:.2f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    dtypes, machine = document["dtypes"], document["machine"]
    lines += [
        "",
        f"A headline and a summary of {document['articles']} articles by {document['writer']['name']}, medians over "
        f"{document['rounds']} rounds that all rows take in turn; ours has {document['drafts']} drafts each.",
        f"Dtypes: {', '.join(f'{name} {dtype}' for name, dtype in dtypes.items())}. {machine['processor']}, "
        f"{machine['cores']} cores, {document['threads']} threads; commit {document['commit'][:12]}, "
        f"{document['date']}.",
        "",
        *(f"- {name}: {note}." for name, note in document["notes"].items()),
    ]
    return "\n".join(lines) + "\n"


def write_speed(document: dict[str, Any], out: Path) -> list[Path]:
    """Write generation-speed.json and .md into a folder; return their paths."""
    paths = [out / "generation-speed.json", out / "generation-speed.md"]
    write_json(paths[0], document)
    write_text(paths[1], speed_to_markdown(document))
    return paths

"""How fast headlines and summaries come: by transformers' `generate`, one by one and in batches, and by ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import torch

from broadsheet.evaluation.generation.benchmark import Writing
from broadsheet.evaluation.generation.examples import JOBS, Example
from broadsheet.evaluation.generation.plain_writer import PlainWriter
from broadsheet.evaluation.generation.rows import tables_of
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import notes
from broadsheet.generate import Write, Writer, load_writer
from broadsheet.generate.stories import jobs
from broadsheet.markdown import table
from broadsheet.models.loading import fingerprint, pick_device, pick_dtype
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.story_writing import story_writer_with

BATCH = 8
LOOKUP = 10
"Tokens that prompt-lookup decoding guesses at a time."
ONE_BY_ONE, ONE_ALIKE, ONE_LOOKUP, BATCHED, BATCHED_ALIKE, OURS = (
    *("one by one", "one by one, dtype of ours", "one by one, prompt lookup"),
    *(f"batches of {BATCH}, bfloat16", f"batches of {BATCH}, dtype of ours", "ours"),
)
PLAIN = {"one_by_one": ONE_BY_ONE, "one_alike": ONE_ALIKE, "batched": BATCHED, "batched_alike": BATCHED_ALIKE}
"Rows with which other rows are compared, by the endings of the keys `times_…`."
CHANGED = 10
"Before the second night, one article in CHANGED is changed."
NOTES = {
    ONE_BY_ONE: "transformers' generate, a prompt a call, in the dtype that it loads by default; greedy, at most "
    + " and ".join(f"{jobs.MOST_TOKENS[name]} tokens a {job}" for job, name in JOBS.items()),
    ONE_ALIKE: "the same in the dtype that ours chooses on this machine",
    ONE_LOOKUP: f"the same with prompt-lookup decoding, {LOOKUP} tokens at a time, which is for one prompt a call "
    "alone",
    BATCHED: "the same in bfloat16, prompts in the order given, padded to the longest of a batch",
    BATCHED_ALIKE: "the same in the dtype that ours chooses on this machine",
    OURS: "the same prompts and most tokens with the drafts of the config, fine-tuned, with gate, extracts and choice; "
    "its tokens are those of all drafts",
}
Work = Callable[[Sequence[Example]], list[str]]
"""Articles to all the drafts that were made for them."""


def measure_speed(writing: Writing, rounds: int, tuned: Path | None) -> dict[str, Any]:
    """Return a document of the seconds that each row takes for all the articles, in rounds that they take in turn."""
    models, examples, settings = writing.models, writing.examples, writing.models.config.generate
    own = pick_dtype(pick_device())
    plain, batched, alike = (PlainWriter(settings.writer, dtype) for dtype in (None, torch.bfloat16, own))
    ours = Ours(load_writer(settings.writer, tuned=tuned, drafts=settings.drafts), models)
    rows: dict[str, Work] = {
        ONE_BY_ONE: lambda some: _plain(plain, some, 1),
        ONE_ALIKE: lambda some: _plain(alike, some, 1),
        ONE_LOOKUP: lambda some: _plain(alike, some, 1, LOOKUP),
        BATCHED: lambda some: _plain(batched, some, BATCH),
        BATCHED_ALIKE: lambda some: _plain(alike, some, BATCH),
        OURS: ours,
    }
    seconds, made = _take_turns(rows, writing, rounds)
    tokens = {name: plain.count_tokens(drafts) for name, drafts in made.items()}
    dtypes = {ONE_BY_ONE: plain.dtype, BATCHED: batched.dtype, OURS: str(own)}
    return {
        "benchmark": "generation-speed",
        **stamp(),
        "threads": torch.get_num_threads(),
        "writer": {"name": Path(settings.writer).name, "fingerprint": fingerprint(settings.writer)},
        "dtypes": {name: dtype.removeprefix("torch.") for name, dtype in dtypes.items()},
        "articles": len(examples),
        "rounds": rounds,
        "drafts": settings.drafts,
        "notes": NOTES,
        "second_night": _second_night(ours, examples),
        "rows": {name: _figures(times, tokens[name], len(examples), seconds) for name, times in seconds.items()},
    }


def _take_turns(
    rows: Mapping[str, Work], writing: Writing, rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[str]]]:
    """Return each row's seconds by round, and its drafts."""
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    made: dict[str, list[str]] = {}
    for work in rows.values():
        work(writing.examples[:BATCH])  # to warm up
    for number in range(rounds):
        for name, work in rows.items():
            started = time.perf_counter()
            made[name] = work(writing.examples)
            seconds[name].append(time.perf_counter() - started)
            writing.say(f"round {number + 1}/{rounds}: {name} {seconds[name][-1]:.1f} s")
    return seconds, made


def _figures(times: list[float], tokens: int, articles: int, seconds: dict[str, list[float]]) -> dict[str, Any]:
    spent = median(times)
    return {
        "articles_per_second": articles / spent,
        "articles_per_hour": 3600 * articles / spent,
        "seconds_per_article": spent / articles,
        "tokens_per_second": tokens / spent,
        "tokens": tokens,
        **{
            f"times_{name}": median(a / b for a, b in zip(seconds[row], times, strict=True))
            for name, row in PLAIN.items()
        },
        "seconds": times,
    }


def _plain(writer: PlainWriter, examples: Sequence[Example], batch_size: int, lookup: int | None = None) -> list[str]:
    made: list[str] = []
    for job, name in JOBS.items():
        prompts = [one.prompt(job) for one in examples]
        made += writer(prompts, most_tokens=jobs.MOST_TOKENS[name], batch_size=batch_size, lookup=lookup)
    return made


class Ours:
    """Writes articles as a night's build does, and notes all drafts."""

    def __init__(self, writer: Writer, models: EditionModels) -> None:
        self._writer, self._models = writer, models
        self.drafts: list[str] = []
        "Drafts that were made since the last call."

    def __call__(self, examples: Sequence[Example]) -> list[str]:
        """Write for no reader in particular; return the drafts."""
        self.drafts = []
        self.write(examples)
        return self.drafts

    def write(self, examples: Sequence[Example], known: pa.Table | None = None) -> pa.Table:
        """Return the stories; texts that `known` has are taken over."""
        settings = self._models.config.generate
        write = story_writer_with(
            self._writer,
            self._models.news_tower,
            settings,
            k=len(examples),
            ask=self._models.news_tower.queries,
            write=_noting(self._writer, self.drafts),
        )
        return write(*tables_of(examples), known=known)


def _noting(write: Write, made: list[str]) -> Write:
    """Return a writer that appends all its drafts to `made`."""

    def drafts(prompts: Sequence[str], **order: Any) -> Sequence[Sequence[str]]:  # noqa: ANN401
        found = write(prompts, **order)
        made.extend(draft for of_one in found for draft in of_one)
        return found

    return drafts


def _second_night(ours: Ours, examples: Sequence[Example]) -> dict[str, Any]:
    """Write all articles, then all again where one in CHANGED has another text; say what the second night took."""
    nights = []
    changed = [_changed(one) if number % CHANGED == 0 else one for number, one in enumerate(examples)]
    known = None
    for some in (examples, changed):
        started = time.perf_counter()
        ours.drafts.clear()
        known = ours.write(some, known)
        nights.append((time.perf_counter() - started, len(ours.drafts)))
    (first, drafts), (second, again) = nights
    return {
        "changed": -(-len(examples) // CHANGED),
        "share_from_cache": 1 - again / drafts,
        "seconds": second,
        "share_of_the_first": second / first,
    }


def _changed(example: Example) -> Example:
    """Return an article with one more word at the end of its body, as after an edit."""
    article = dict(example.article)
    article |= {"body": f"{article['body']} Updated.", "content_hash": f"{article['content_hash']}-2"}
    return replace(example, article=article)


def report_speed(document: dict[str, Any]) -> Report:
    """Return the document with its table and what was measured."""
    head = ["writing", "articles/s", "articles an hour", "seconds an article", "new tokens/s"]
    rows = (
        [
            name,
            f"{row['articles_per_second']:.3f}",
            f"{row['articles_per_hour']:,.0f}",
            f"{row['seconds_per_article']:.2f}",
            f"{row['tokens_per_second']:.1f}",
            *(f"{row[f'times_{plain}']:.2f}" for plain in PLAIN),
        ]
        for name, row in document["rows"].items()
    )
    night, dtypes, machine = document["second_night"], document["dtypes"], document["machine"]
    lines = [
        *table([*head, *(f"times {name}" for name in PLAIN.values())], rows),
        "",
        f"A headline and a summary of {document['articles']} articles by {document['writer']['name']}, medians over "
        f"{document['rounds']} rounds that all rows take in turn.",
        f"A second night in which {night['changed']} of them have changed takes {night['share_from_cache']:.3f} of the "
        f"texts over, and {night['share_of_the_first']:.3f} of the first night's time.",
        f"Dtypes: {', '.join(f'{name} {dtype}' for name, dtype in dtypes.items())}. {machine['processor']}, "
        f"{machine['cores']} cores, {document['threads']} threads; commit {document['commit'][:12]}, "
        f"{document['date']}.",
        "",
        *notes(document["notes"]),
    ]
    return Report("generation-speed", document, lines)

"""Writes every row of the benchmark of generation, training by training, and measures the texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from broadsheet.errors import InputError
from broadsheet.evaluation.generation.examples import JOBS, Example, topics_of_readers, with_two_topics
from broadsheet.evaluation.generation.measures import Measures, personal_values
from broadsheet.evaluation.generation.plain_writer import PlainWriter
from broadsheet.evaluation.generation.rows import (
    GREEDY,
    NOT_TUNED,
    OURS,
    Run,
    Topics,
    Written,
    extract_rows,
    greedy_row,
    our_run,
)
from broadsheet.generate import load_writer
from broadsheet.generate.writers.trained import choose_tuned, read_card
from broadsheet.models.loading import fingerprint, folder_fingerprint, pick_device, pick_dtype
from broadsheet.newsroom import Newsroom
from broadsheet.offline.replay import Values
from broadsheet.progress import Say
from broadsheet.workbench.models import EditionModels
from broadsheet.workbench.story_writing import story_writer_with

RUNS = 3
"""Runs of our row with a single trained writer, each with another seed of the draws."""
Runs = dict[str, dict[str, list[Values]]]
"""By job and row, the metrics of each article, with a run for each training."""


@dataclass(frozen=True)
class WritingFindings:
    """The texts that were written, and their metrics."""

    examples: list[Example]
    written: dict[str, list[Written]]
    "By row, its runs: one, or one for each training."
    runs: Runs
    personal: list[Values]
    "By run of ours, each metric of each article with two topics."
    topics: dict[str, Topics]
    "By its id, the topics of each of these articles."
    models: dict[str, str]
    "Fingerprint of the writer of each row that has one."
    trainings: list[dict[str, Any]]
    "Cards of the trained writers over which our row is the mean, in the order of the runs."

    def chosen(self, row: str, job: str) -> dict[str, int]:
        """Return the number of a row's texts by method (gpt, extract and so on), over all its runs."""
        texts = [text for run in self.written[row] for text in run[job]]
        return dict(Counter(text.method if text.text else f"{text.method}, withheld" for text in texts).most_common())


def open_models(newsroom: Newsroom) -> EditionModels:
    """Return the models of a newsroom; raises InputError if the config names no writer that runs here."""
    newsroom.require()
    config = newsroom.config()
    if not config.generate.runs_here:
        raise InputError(f"generate.writer: found {config.generate.writer!r}, expected a model that runs here.")
    return EditionModels(newsroom, config)


def read_writers(option: str, options: Sequence[str]) -> dict[str, str]:
    """Read LABEL=NAME of each use of an option; raises InputError naming what is not of this form or named twice."""
    parts = [one.partition("=") for one in options]
    labels = [part[0] for part in parts]
    wrong = ["".join(part) for part in parts if not all(part) or labels.count(part[0]) > 1]
    if wrong:
        raise InputError(f"{option} {', '.join(wrong)}: expected LABEL=NAME, each label once; NAME is a model's.")
    return {label: name for label, _, name in parts}


def model_label(name: str) -> str:
    """Return the name of a model in the rows."""
    return {"asset:smollm2": "SmolLM2"}.get(name, Path(name.removeprefix("asset:")).name)


@dataclass(frozen=True)
class Writing:
    """Writes about some articles with the settings of a newsroom."""

    models: EditionModels
    examples: Sequence[Example]
    say: Say

    def greedy(self, name: str) -> list[Written]:
        """Return the one run of a model's plain drafts."""
        self.say(f"{name} greedy: {len(self.examples)} articles")
        plain = PlainWriter(name, pick_dtype(pick_device()))
        return [greedy_row(plain, plain.method, self.examples)]

    def ours(self, name: str, tuned: Path | None = None, topics: Sequence[Topics | None] = (), *, seed: int = 0) -> Run:
        """Return ours with a model, with what was trained of it, and with a seed of the draws.

        Headlines are chosen for each topic, whatever the config says of pages.
        """
        self.say(f"{OURS} with {name}{f' and {tuned}' if tuned else ''}: {len(self.examples)} articles")
        settings = replace(self.models.config.generate, headlines="personal")
        k = 3 * len(self.examples)
        writer = load_writer(name, tuned=tuned, seed=seed, drafts=settings.drafts)
        tower = self.models.news_tower
        write = story_writer_with(writer, tower, settings, k=k, ask=tower.queries)
        return our_run(write, self.examples, topics or [None] * len(self.examples))


def measure_sample(
    writing: Writing, found: list[Example], first: date | None, writers: Mapping[str, str], tuned: Sequence[Path | None]
) -> WritingFindings:
    """Measure the sample of `writing`, and personal headlines on half as many of all the articles that were found.

    `first` is the first day of publication of these articles; readers' topics are those of the days before.
    """
    topics, tower = topics_of_readers(writing.models.newsroom, first), writing.models.news_tower
    personal = with_two_topics(found, topics, tower, tower.queries)
    return measure_generation(writing, personal[: (len(writing.examples) + 1) // 2], writers, tuned)


def measure_generation(
    writing: Writing,
    personal: Sequence[tuple[Example, Topics]],
    writers: Mapping[str, str],
    tuned: Sequence[Path | None],
) -> WritingFindings:
    """Write and measure all rows; and the headlines of `personal`, for each of the two topics of an article.

    `writers` are the names of further models by their labels, each with a row of plain drafts and one of ours; `tuned`
    are folders of what was trained of the config's writer with several seeds, the runs of ours.
    """
    settings, examples, base = writing.models.config.generate, writing.examples, writing.models.config.generate.writer
    greedy = f"{model_label(base)} {GREEDY}"
    written = extract_rows(examples, settings.summary_words) | {greedy: writing.greedy(base)}
    written[NOT_TUNED] = [writing.ours(base).written]
    models = dict.fromkeys((greedy, NOT_TUNED, OURS), fingerprint(base))
    for label, name in writers.items():
        rows = (f"{label} {GREEDY}", f"{OURS}, {label}")
        written |= dict(zip(rows, (writing.greedy(name), [writing.ours(name).written]), strict=True))
        models |= dict.fromkeys(rows, fingerprint(name))
    written[OURS] = [writing.ours(base, folder, seed=seed).written for seed, folder in enumerate(tuned)]
    writing.say("measuring")
    runs = _measure(written, examples, Measures(writing.models.news_tower))
    topics = {one.news_id: pair for one, pair in personal}
    told = _measure_personal(writing, personal, tuned)
    trainings = [_training(folder, base) for folder in tuned]
    return WritingFindings(list(examples), written, runs, told, topics, models, trainings)


def _training(folder: Path | None, base: str) -> dict[str, Any]:
    """Return what a card says of a training, and the fingerprint of its files; nothing for the base model alone."""
    if folder is None:
        return {}
    card = read_card(folder, base)
    kept = {name: card.get(name) for name in ("jobs", "mode", "train", "valid", "recipe", "trained_at")}
    return {"fingerprint": folder_fingerprint(folder), **kept}


def choose_trainings(models: EditionModels, folders: Sequence[Path]) -> list[Path | None]:
    """Return what was trained for each run: the folders, else for RUNS of them what the config means.

    Raises ModelError for a folder that is not whole.
    """
    settings = models.config.generate
    for folder in folders:
        read_card(folder, settings.writer)
    if folders:
        return list(folders)
    return [choose_tuned(settings.tuned, models.newsroom.writer, settings.writer)] * RUNS


def _measure(written: Mapping[str, list[Written]], examples: Sequence[Example], measures: Measures) -> Runs:
    return {
        job: {
            row: [measures(run[job], examples, job) for run in found]
            for row, found in written.items()
            if job in found[0]
        }
        for job in JOBS
    }


def _measure_personal(
    writing: Writing, personal: Sequence[tuple[Example, Topics]], tuned: Sequence[Path | None]
) -> list[Values]:
    if not personal:
        return []
    examples, topics = [one for one, _ in personal], [pair for _, pair in personal]
    there, base = replace(writing, examples=examples), writing.models.config.generate.writer
    runs = [there.ours(base, folder, topics, seed=seed) for seed, folder in enumerate(tuned)]
    tower = writing.models.news_tower
    plain = [[text.text for text in run.written["headline"]] for run in runs]
    return [
        personal_values(run.personal, told, examples, topics, tower, tower.queries)
        for run, told in zip(runs, plain, strict=True)
    ]

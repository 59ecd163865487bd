"""The rows of the benchmark of generation: the texts that each way of writing makes of each article."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from broadsheet.errors import InputError
from broadsheet.evaluation.generation.examples import JOBS, Example
from broadsheet.generate import StoryWriter
from broadsheet.generate.extracts.extract import lead_sentences
from broadsheet.generate.stories import jobs
from broadsheet.generate.text.words import count, without_dateline
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import NEWS, RANKED

LEAD, CUT, TEXTRANK, GREEDY, OURS, NOT_TUNED = (
    *("lead sentence", "lead cut to a headline", "TextRank"),
    *("greedy", "ours", "ours, not fine-tuned"),
)
NOTES = {
    LEAD: "the body's first whole sentence; of a summary as many more as fit",
    CUT: "that sentence as the writer tidies a draft, cut at a clause where it is too long",
    TEXTRANK: "the sentence that summa ranks highest; of a summary the highest ones that fit, in the text's order",
    GREEDY: "transformers' generate with the writer's prompt and no sampling, tidied; neither restraint nor gate nor "
    "choice",
    OURS: "the drafts of the config, gate and choice, fine-tuned for headlines, mean over seeds of the draws; "
    "without a reader's interest",
    NOT_TUNED: "the same by the base model alone",
}
MODELS = ("gpt", "t5")
"""Methods of texts that a model wrote."""


@dataclass(frozen=True)
class Text:
    """The text that a row has for an article."""

    text: str
    "Empty if there is no text: a page then shows the publisher's words, which are held back here."
    method: str
    "gpt, t5, extract or original."
    refused: tuple[str, ...] = ()
    "The checks that refused earlier drafts."


Written = dict[str, list[Text]]
"""By job, headline or summary, a text for each article."""
Topics = tuple[str, str]


@dataclass(frozen=True)
class Run:
    """The texts of our row with one model."""

    written: Written
    personal: list[tuple[str, str]]
    "For each article with two topics the headlines for a reader of the first and for one of the second."


def extract_rows(examples: Sequence[Example], most_words: int) -> dict[str, list[Written]]:
    """Return the rows that need no model, each of one run."""
    return {
        LEAD: [lead_row(examples, most_words)],
        CUT: [cut_row(examples)],
        TEXTRANK: [textrank_row(examples, most_words)],
    }


def lead_row(examples: Sequence[Example], most_words: int) -> Written:
    """Return the first sentence of each article, and the first sentences that fit into `most_words` words."""
    found = [lead_sentences(one.body) for one in examples]
    return {
        "headline": [_extract(lead[:1]) for lead in found],
        "summary": [_extract(_fitting(lead, range(len(lead)), most_words)) for lead in found],
    }


def cut_row(examples: Sequence[Example]) -> Written:
    """Return the first sentence of each article, cut to a headline; there is no summary."""
    return {"headline": [Text(jobs.tidy_headline(text.text), "extract") for text in lead_row(examples, 0)["headline"]]}


def textrank_row(examples: Sequence[Example], most_words: int) -> Written:
    """Return the sentences that TextRank (Mihalcea and Tarau 2004) ranks highest; raises InputError without summa."""
    try:
        from summa.summarizer import summarize
    except ImportError as error:
        raise InputError('TextRank: summa is missing. Install it: pip install "broadsheet[evaluation]".') from error
    written: Written = {"headline": [], "summary": []}
    for one in examples:
        ranked = summarize(without_dateline(one.body), ratio=1.0, split=True, scores=True)  # in the text's order
        texts = [text for text, _ in ranked]
        order = sorted(range(len(ranked)), key=lambda place: (-float(ranked[place][1]), place))
        written["headline"].append(_extract([texts[place] for place in order[:1]]))
        written["summary"].append(_extract(_fitting(texts, order, most_words)))
    return written


def greedy_row(draft: Callable[..., list[str]], method: str, examples: Sequence[Example]) -> Written:
    """Return a model's plain drafts, tidied as ours are; `draft` takes prompts and `most_tokens`."""
    tidy = {"headline": jobs.tidy_headline, "summary": jobs.tidy_summary}
    return {
        job: [
            Text(tidy[job](text), method)
            for text in draft([one.prompt(job) for one in examples], most_tokens=jobs.MOST_TOKENS[name])
        ]
        for job, name in JOBS.items()
    }


def our_run(write: StoryWriter, examples: Sequence[Example], topics: Sequence[Topics | None]) -> Run:
    """Write each article for no reader in particular, and for a reader of each of its two topics, if it has two."""
    wanted = {("", one.news_id): "" for one in examples}
    for one, pair in zip(examples, topics, strict=True):
        wanted |= {(str(place), one.news_id): topic for place, topic in enumerate(pair or ())}
    stories = write(
        from_rows([_rank(*key, number) for number, key in enumerate(wanted, 1)], RANKED),
        from_rows([dict(one.article) for one in examples], NEWS),
        interest=lambda users, ids: [wanted[key] for key in zip(users, ids, strict=True)],
    ).to_pylist()
    found = {(story["user_id"], story["news_id"]): story for story in stories}
    plain = [found["", one.news_id] for one in examples]
    two = [one.news_id for one, pair in zip(examples, topics, strict=True) if pair]
    return Run(
        {job: [_told(story, job) for story in plain] for job in JOBS},
        [(found["0", news_id]["headline"], found["1", news_id]["headline"]) for news_id in two],
    )


def tables_of(examples: Sequence[Example]) -> tuple[pa.Table, pa.Table]:
    """Return a RANKED table of one reader who has all the articles, and their NEWS table."""
    ranked = from_rows([_rank("", one.news_id, number) for number, one in enumerate(examples, 1)], RANKED)
    return ranked, from_rows([dict(one.article) for one in examples], NEWS)


def _rank(user_id: str, news_id: str, rank: int) -> dict[str, Any]:
    return {"user_id": user_id, "news_id": news_id, "rank": rank, "score": 1.0, "fused": 1.0, "reason": ""}


def _told(story: Mapping[str, Any], job: str) -> Text:
    refused = tuple(check for check in story["checks"] if check.split(maxsplit=2)[1] == f"{job}:")
    return Text(story[job], story["method"][job], refused)


def _extract(sentences: Sequence[str]) -> Text:
    return Text(" ".join(sentences), "extract")


def _fitting(sentences: Sequence[str], order: Sequence[int], most_words: int) -> list[str]:
    """Return the sentences that fit, taken by `order`, in their own order; the first of `order` always fits."""
    chosen: list[int] = []
    for place in order:
        if not chosen or sum(count(sentences[other]) for other in [*chosen, place]) <= most_words:
            chosen.append(place)
    return [sentences[place] for place in sorted(chosen)]

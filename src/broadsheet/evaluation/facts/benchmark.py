"""The benchmark of the fact gate: whether it refuses planted errors, and passes true summaries and their rewordings.

True summaries are the publisher's own abstract and the first sentences of the body. Half of the articles, by a hash of
their id, served to develop the gate; only the other half is reported.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from broadsheet.evaluation.facts.name_plants import KINDS
from broadsheet.evaluation.facts.plants import PlantedSummary, plant
from broadsheet.evaluation.facts.rewordings import REWORDINGS, reword
from broadsheet.generate.gate.facts import check
from broadsheet.generate.text.words import sentences, without_dateline
from broadsheet.progress import Say

SEEDS = (0, 1, 2)
MOST_PLANTS = 300
"Summaries in which errors of one kind are planted, for each seed, of each newsroom."
LEAD = "first sentences"
ABSTRACT = "publisher's abstract"
UNSEEN = "unseen abstract"
WRITTEN = "as written"
OTHERWISE = "said otherwise"
_LEAD_WORDS = 60


@dataclass(frozen=True)
class Checked:
    """A text, and the gate's verdict on it."""

    news_id: str
    group: str
    "Where a true summary is from (LEAD, ABSTRACT, UNSEEN), or the kind of its rewording or error."
    condition: str
    "Of an error: whether it was planted in a summary as WRITTEN, or said OTHERWISE."
    text: str
    problems: tuple[str, ...]
    "What the gate refuses; of an error or a rewording, without what it refuses of the summary that it was made in."


@dataclass(frozen=True)
class GateFindings:
    """The checked texts of one newsroom."""

    articles: int
    untouched: list[Checked]
    reworded: list[Checked]
    planted: list[Checked]


def is_reported(news_id: str) -> bool:
    """Return whether an article belongs to the half that is reported: the gate was not developed on it."""
    return hashlib.sha256(news_id.encode()).digest()[0] % 2 == 1


def measure_gate(articles: Sequence[Mapping[str, Any]], say: Say) -> GateFindings:
    """Check the true summaries of rows of a NEWS table, and rewordings and errors drawn by each of SEEDS."""
    say(f"checking the true summaries of {len(articles):,} articles")
    untouched = check_untouched(articles)
    reworded: list[Checked] = []
    planted: list[Checked] = []
    for seed in SEEDS:
        say(f"planting with seed {seed}")
        sources = list(_sources(articles, random.Random(seed)))
        reworded += _change_and_check(sources, REWORDINGS, seed, WRITTEN)
        planted += _change_and_check(sources, KINDS, seed, WRITTEN)
        planted += _change_and_check(list(_otherwise(sources, seed)), KINDS, seed, OTHERWISE)
    return GateFindings(len(articles), untouched, reworded, planted)


def lead(body: str) -> str:
    """Return the whole sentences that a body begins with, three and 60 words at most, without an agency's opening."""
    chosen: list[str] = []
    for sentence in sentences(without_dateline(body))[:3]:
        if not sentence.rstrip("\"'”’)").endswith((".", "!", "?")):
            break
        if chosen and len(" ".join([*chosen, sentence]).split()) > _LEAD_WORDS:
            break
        chosen.append(sentence)
    return " ".join(chosen)


def true_summaries(article: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the true summaries of an article: where it is from, the summary, and what it is held against."""
    title, abstract, body = (article[name].strip() for name in ("title", "abstract", "body"))
    whole = "\n".join((title, abstract, body))
    if first := lead(body):
        yield LEAD, first, whole
    if len(abstract.split()) > 3:
        yield ABSTRACT, abstract, whole
        if body and abstract not in body:
            yield UNSEEN, abstract, f"{title}\n{body}"


def check_untouched(articles: Sequence[Mapping[str, Any]]) -> list[Checked]:
    """Check each true summary against its article."""
    return [
        Checked(article["news_id"], name, WRITTEN, summary, tuple(check(summary, whole)))
        for article in articles
        for name, summary, whole in true_summaries(article)
    ]


def _sources(articles: Sequence[Mapping[str, Any]], rng: random.Random) -> Iterator[PlantedSummary]:
    for article in articles:
        for name, summary, whole in true_summaries(article):
            if name != UNSEEN:
                other = rng.choice(articles)
                text = "\n".join((other["title"], other["abstract"], other["body"]))
                yield PlantedSummary(article["news_id"], summary, whole, text)


def _otherwise(sources: Sequence[PlantedSummary], seed: int) -> Iterator[PlantedSummary]:
    """Yield the sources whose summary can be said otherwise, all ways at once, and passes then."""
    for number, source in enumerate(sources):
        summary = reword(source, random.Random(f"{seed} {number}"))
        if summary != source.summary and not check(summary, source.article):
            yield replace(source, summary=summary)


@lru_cache(maxsize=4096)
def _known_problems(summary: str, article: str) -> frozenset[str]:
    """Return what the gate refuses of a summary before it is changed: each kind of change asks for it again."""
    return frozenset(check(summary, article))


def _change_and_check(
    sources: Sequence[PlantedSummary], kinds: Mapping[str, Any], seed: int, condition: str
) -> list[Checked]:
    """Make one change of each kind in at most MOST_PLANTS summaries, drawn by the seed, and check each."""
    found: list[Checked] = []
    for kind, planter in kinds.items():
        rng, made = random.Random(f"{seed} {kind}"), 0
        for source in rng.sample(sources, len(sources)):
            if made == MOST_PLANTS:
                break
            text = plant(planter, source, rng)
            if text is not None:
                made += 1
                known = _known_problems(source.summary, source.article)
                new = [problem for problem in check(text, source.article) if problem not in known]
                found.append(Checked(source.news_id, kind, condition, text, tuple(new)))
    return found

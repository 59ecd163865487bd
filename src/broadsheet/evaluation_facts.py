"""Whether the fact gate refuses errors planted in true summaries, and passes the summaries as they are.

True are the publisher's own abstract and the first sentences of the body. Half of the articles, by a hash of their id,
are for developing the gate; the other half alone is reported.
"""

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from broadsheet.evaluation_plants import Source, plant
from broadsheet.evaluation_plants_names import KINDS
from broadsheet.evaluation_rewordings import REWORDINGS
from broadsheet.generate.facts import check
from broadsheet.generate.words import sentences, without_dateline

SEEDS = (0, 1, 2)
MOST_PLANTS = 400
"Summaries in which errors of one kind are planted, for each seed, of each newsroom."
LEAD = "first sentences"
ABSTRACT = "publisher's abstract"
UNSEEN = "publisher's abstract, held against title and body alone"
_LEAD_WORDS = 60


@dataclass(frozen=True)
class Planted:
    """One error and what the gate said of it."""

    news_id: str
    seed: int
    kind: str
    text: str
    "The summary with the error."
    problems: tuple[str, ...]
    "What the gate refuses that it does not refuse in the summary without the error."


@dataclass(frozen=True)
class Untouched:
    """A summary without an error and what the gate said of it."""

    news_id: str
    source: str
    "LEAD, ABSTRACT or UNSEEN."
    text: str
    problems: tuple[str, ...]


def is_reported(news_id: str) -> bool:
    """Whether an article is of the half that is reported, not of the half that the gate was developed on."""
    return hashlib.sha256(news_id.encode()).digest()[0] % 2 == 1


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


def check_untouched(articles: Iterable[Mapping[str, Any]]) -> list[Untouched]:
    """Hold each true summary against its article."""
    return [
        Untouched(article["news_id"], source, summary, tuple(check(summary, whole)))
        for article in articles
        for source, summary, whole in true_summaries(article)
    ]


def plant_and_check(articles: Sequence[Mapping[str, Any]], seed: int) -> list[Planted]:
    """Plant errors of each kind, one a summary, in at most MOST_PLANTS summaries drawn by the seed, and check each."""
    sources = [source for source in _sources(articles, random.Random(seed))]
    found: list[Planted] = []
    for kind, planter in (KINDS | REWORDINGS).items():
        rng = random.Random(f"{seed} {kind}")
        planted = 0
        for source in rng.sample(sources, len(sources)):
            text = plant(planter, source, rng)
            if text is not None and planted < MOST_PLANTS:
                planted += 1
                known = set(check(source.summary, source.article))
                new = [problem for problem in check(text, source.article) if problem not in known]
                found.append(Planted(source.news_id, seed, kind, text, tuple(new)))
            if planted == MOST_PLANTS:
                break
    return found


def _sources(articles: Sequence[Mapping[str, Any]], rng: random.Random) -> Iterator[Source]:
    for article in articles:
        for name, summary, whole in true_summaries(article):
            if name != UNSEEN:
                other = rng.choice(articles)
                text = "\n".join((other["title"], other["abstract"], other["body"]))
                yield Source(article["news_id"], summary, whole, text)

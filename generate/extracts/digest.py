"""A digest of several articles on one event: what happened, who says what, background, each sentence with its articles.

Extracts, not drafts, as in answers: the sentences are the articles' own, so what a digest says is as true as they are,
and no small model has to keep the deeds of several articles apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from broadsheet.generate.extracts.digest_sentences import BACKGROUND, HAPPENED, SAYS, Told, sentences_told
from broadsheet.generate.extracts.extract import has_sentence
from broadsheet.generate.extracts.repeats import says_again
from broadsheet.generate.gate.facts import GATE, check_digest
from broadsheet.generate.gate.tone import TONE, tone_problems
from broadsheet.generate.text.articles import whole_text
from broadsheet.generate.text.language import has_markup
from broadsheet.generate.text.words import count
from broadsheet.tables.arrays import Vectors

Encode = Callable[[Sequence[str]], Vectors]
"Texts to unit vectors (texts, dim) that can be compared with those of the articles."

RULE = f"digest-1 {GATE} {TONE}"
"The name of how digests are made; what another rule made is made again."
PARTS = (HAPPENED, SAYS, BACKGROUND)
"In the order to read them."


class _Limits(NamedTuple):
    most: int
    "Sentences."
    share: float
    "Of all words, with the parts before it."


_LIMITS = {HAPPENED: _Limits(2, 0.5), SAYS: _Limits(3, 0.8), BACKGROUND: _Limits(2, 1.0)}
_OF_ONE_ARTICLE = 2
_REPEATS = 0.5
"What likeness to a sentence that was chosen counts against one (MMR, Carbonell and Goldstein 1998)."
_PLACE, _QUOTED, _NAMED = 0.15, 0.05, 0.05
"What the sentence's place, a quotation, and a speaker's full name weigh beside likeness to the articles, at most."
_SAME = 0.75
"Likeness from which a sentence says another again: less than in answers, whose sentences are of several events."
_FLOOR = 0.6
"Least score of a sentence, as a share of the best one's of its part."


@dataclass(frozen=True)
class DigestSentence:
    """A sentence of a digest."""

    text: str
    "Word for word as the articles that it cites have it."
    part: str
    "One of PARTS."
    news_ids: tuple[str, ...]
    "The articles that have it."


@dataclass(frozen=True)
class Digest:
    """What several articles say of one event."""

    sentences: tuple[DigestSentence, ...]
    "Part by part, in the order to read them."
    news_ids: tuple[str, ...]
    "All articles on the event that were read."


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A sentence that may be shown."""

    told: Told
    vector: Vectors
    score: float


def digest(
    articles: Sequence[Mapping[str, Any]], vectors: Vectors, encode: Encode, *, most_words: int = 120
) -> Digest | None:
    """Return the digest of articles on one event, or None if they make no digest.

    `articles` are rows of a NEWS table with known times, `vectors` (articles, dim) their vectors by the news tower,
    which `encode` is. Fewer than two articles make no digest, nor do articles of which only one has something to say.
    The digest has at most `most_words` words.
    """
    if len(articles) < 2:
        return None
    told = sentences_told(articles)
    made = encode([one.text for one in told]) if told else np.zeros((0, vectors.shape[1]), np.float32)
    central = (made @ vectors.T).mean(axis=1)  # (sentences,)
    candidates = [
        _Candidate(one, vector, float(likeness) + _bonus(one))
        for one, vector, likeness in zip(told, made, central, strict=True)
    ]
    chosen = _choose(candidates, articles, most_words)
    cited = set(chain.from_iterable(one.news_ids for one in chosen))
    if len(chosen) < 2 or chosen[0].part != HAPPENED or len(cited) < 2:
        return None
    return Digest(tuple(chosen), tuple(article["news_id"] for article in articles))


def _bonus(told: Told) -> float:
    early = _PLACE / (1 + told.place) if told.part != SAYS else 0.0
    return early + _QUOTED * told.quotes + _NAMED * told.names_in_full


def _choose(
    candidates: Sequence[_Candidate], articles: Sequence[Mapping[str, Any]], most_words: int
) -> list[DigestSentence]:
    """Return the sentences to show, part by part, each best first; the fact gate has the last word on each."""
    chosen: list[_Candidate] = []
    found: list[DigestSentence] = []
    for part in PARTS:
        left = [one for one in candidates if one.told.part == part]
        least = _FLOOR * max((one.score for one in left), default=0.0)
        limits, taken = _LIMITS[part], 0
        while left and taken < limits.most:
            best = max(left, key=lambda one: one.score - _REPEATS * _nearest(one, chosen))  # the first of equals
            left.remove(best)
            words = sum(count(one.text) for one in found) + count(best.told.text)
            if best.score < least or words > limits.share * most_words or not _adds(best, chosen):
                continue
            having = [article for article in articles if has_sentence(article, best.told.text)]
            problems = check_digest(best.told.text, [whole_text(article) for article in having])
            problems += [problem for article in having for problem in tone_problems(best.told.text, article)]
            if not problems and not has_markup(best.told.text):
                chosen, taken = [*chosen, best], taken + 1
                found.append(DigestSentence(best.told.text, part, tuple(one["news_id"] for one in having)))
    return found


def _nearest(one: _Candidate, chosen: Sequence[_Candidate]) -> float:
    return max((float(one.vector @ other.vector) for other in chosen), default=0.0)


def _adds(one: _Candidate, chosen: Sequence[_Candidate]) -> bool:
    """Tell whether a sentence says what none of those chosen says, by another speaker, and not all of one article."""
    of_article = sum(other.told.article == one.told.article for other in chosen)
    heard = {other.told.speaker for other in chosen if other.told.part == SAYS}
    new_voice = one.told.part != SAYS or one.told.speaker not in heard
    again = says_again(one.told.text, [other.told.text for other in chosen], _nearest(one, chosen), _SAME)
    return of_article < _OF_ONE_ARTICLE and new_voice and not again

"""A digest of several articles on one event: what happened, who says what, background, each sentence with its articles.

Extracts, not drafts, as in answers: the sentences are the articles' own, so what a digest says is as true as they are,
and no small model has to keep the deeds of several articles apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from broadsheet.generate.extracts.digest_sentences import BACKGROUND, HAPPENED, SAYS, ArticleSentence, article_sentences
from broadsheet.generate.extracts.extract import has_sentence
from broadsheet.generate.extracts.repeats import says_again
from broadsheet.generate.gate.facts import GATE, check_digest
from broadsheet.generate.gate.tone import TONE, tone_problems
from broadsheet.generate.text.articles import whole_text
from broadsheet.generate.text.language import has_markup
from broadsheet.generate.text.words import count
from broadsheet.tables.arrays import Vectors

Encode = Callable[[Sequence[str]], Vectors]
"Texts to unit vectors (texts, dim), which can be compared with those of the articles."

RULE = f"digest-1 {GATE} {TONE}"
"The name of how digests are made. A digest that was made under another name is made again."
PARTS = (HAPPENED, SAYS, BACKGROUND)
"The parts of a digest, in reading order."


class _Limits(NamedTuple):
    most: int
    "Most sentences of the part."
    share: float
    "Most words of this part and of the parts before it together, as a share of all words."


_LIMITS = {HAPPENED: _Limits(2, 0.5), SAYS: _Limits(3, 0.8), BACKGROUND: _Limits(2, 1.0)}
_OF_ONE_ARTICLE = 2
_REPEATS = 0.5
"How much likeness to a sentence already chosen counts against a sentence (MMR, Carbonell and Goldstein 1998)."
_PLACE, _QUOTED, _NAMED = 0.15, 0.05, 0.05
"""Most that each of these counts beside likeness to the articles: the sentence's place, a quotation, a speaker's full
name."""
_SAME = 0.75
"From this likeness a sentence repeats another: less than in answers, whose sentences are about several events."
_FLOOR = 0.6
"Least score of a sentence, as a share of the best score in its part."


@dataclass(frozen=True)
class DigestSentence:
    """A sentence of a digest."""

    text: str
    "The sentence, word for word as the articles that it cites have it."
    part: str
    "One of PARTS."
    news_ids: tuple[str, ...]
    "The articles that have the sentence."


@dataclass(frozen=True)
class Digest:
    """What several articles say about one event."""

    sentences: tuple[DigestSentence, ...]
    "The sentences, part by part, in reading order."
    news_ids: tuple[str, ...]
    "All articles about the event that were read."


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A sentence that may be shown."""

    sentence: ArticleSentence
    vector: Vectors
    score: float


def digest(
    articles: Sequence[Mapping[str, Any]], vectors: Vectors, encode: Encode, *, most_words: int = 120
) -> Digest | None:
    """Return the digest of articles about one event, or None if they make no digest.

    `articles` are rows of a NEWS table with known times, `vectors` (articles, dim) their vectors by the news tower, and
    `encode` is that tower. There is no digest of fewer than two articles, nor if only one of the articles has something
    to say. The digest has at most `most_words` words.
    """
    if len(articles) < 2:
        return None
    sentences = article_sentences(articles)
    texts = [sentence.text for sentence in sentences]
    made = encode(texts) if texts else np.zeros((0, vectors.shape[1]), np.float32)
    central = (made @ vectors.T).mean(axis=1)  # (sentences,)
    candidates = [
        _Candidate(sentence, vector, float(likeness) + _bonus(sentence))
        for sentence, vector, likeness in zip(sentences, made, central, strict=True)
    ]
    chosen = _choose(candidates, articles, most_words)
    cited = set(chain.from_iterable(one.news_ids for one in chosen))
    if len(chosen) < 2 or chosen[0].part != HAPPENED or len(cited) < 2:
        return None
    return Digest(tuple(chosen), tuple(article["news_id"] for article in articles))


def _bonus(sentence: ArticleSentence) -> float:
    early = _PLACE / (1 + sentence.place) if sentence.part != SAYS else 0.0
    return early + _QUOTED * sentence.quotes + _NAMED * sentence.names_in_full


def _choose(
    candidates: Sequence[_Candidate], articles: Sequence[Mapping[str, Any]], most_words: int
) -> list[DigestSentence]:
    """Return the sentences to show, part by part, each best first; the fact gate has the last word on each."""
    chosen: list[_Candidate] = []
    found: list[DigestSentence] = []
    for part in PARTS:
        left = [one for one in candidates if one.sentence.part == part]
        least = _FLOOR * max((one.score for one in left), default=0.0)
        limits, taken = _LIMITS[part], 0
        while left and taken < limits.most:
            best = max(left, key=lambda one: one.score - _REPEATS * _nearest(one, chosen))  # the first of equals
            left.remove(best)
            words = sum(count(one.text) for one in found) + count(best.sentence.text)
            if best.score < least or words > limits.share * most_words or not _adds(best, chosen):
                continue
            having = [article for article in articles if has_sentence(article, best.sentence.text)]
            problems = check_digest(best.sentence.text, [whole_text(article) for article in having])
            problems += [problem for article in having for problem in tone_problems(best.sentence.text, article)]
            if not problems and not has_markup(best.sentence.text):
                chosen, taken = [*chosen, best], taken + 1
                found.append(DigestSentence(best.sentence.text, part, tuple(one["news_id"] for one in having)))
    return found


def _nearest(one: _Candidate, chosen: Sequence[_Candidate]) -> float:
    return max((float(one.vector @ other.vector) for other in chosen), default=0.0)


def _adds(one: _Candidate, chosen: Sequence[_Candidate]) -> bool:
    """Whether a sentence adds something: not said yet, by another speaker, and not all from one article."""
    of_article = sum(other.sentence.article == one.sentence.article for other in chosen)
    heard = {other.sentence.speaker for other in chosen if other.sentence.part == SAYS}
    new_voice = one.sentence.part != SAYS or one.sentence.speaker not in heard
    again = says_again(one.sentence.text, [other.sentence.text for other in chosen], _nearest(one, chosen), _SAME)
    return of_article < _OF_ONE_ARTICLE and new_voice and not again

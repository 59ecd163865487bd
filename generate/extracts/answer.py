"""The answer to a request: sentences of the page's best articles, word for word, each with the article it is from.

Extracts, not drafts: a small model that is asked to answer invents, and a reader waits for it. What a sentence of an
article says is as true as the article, and is there in a second.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from broadsheet.generate.extracts.extract import has_sentence, stands_alone, whole_sentences
from broadsheet.generate.extracts.repeats import says_again
from broadsheet.generate.gate.facts import check
from broadsheet.generate.gate.tone import tone_problems
from broadsheet.generate.text.articles import articles_of, first_ranks, whole_text
from broadsheet.generate.text.language import has_markup
from broadsheet.generate.text.words import NOT, PERHAPS, SAY, content, pairs
from broadsheet.tables.arrays import Vectors

Encode = Callable[[Sequence[str]], Vectors]
"Texts to unit vectors (texts, dim) that can be compared with one another."

MOST_SENTENCES = 4
_ARTICLES = 6
"How many articles are read: the best of the page."
_OF_ONE_ARTICLE = 2
_SHARED, _RANK, _PLACE = 0.4, 0.1, 0.1
"""Most that each of these counts beside likeness: share of the request's words, rank of the article, place of the
sentence."""
_REPEATS = 0.5
"How much likeness to a sentence already chosen counts against a sentence (MMR, Carbonell and Goldstein 1998)."
_FLOOR = 0.6
"""Least score of a sentence, as a share of the best score: three sentences that answer are better than four of which
one does not."""
_SAME_EVENT = 0.15
"An article that is nearer than this to an article above tells the same again."
ALIKE, ALIKE_CENTRED = 0.6, 0.5
"""From this likeness of the request to an article's title or best sentence, the article matches, whatever its words.
The second is that of an encoder whose vectors have a centre taken off, such as asset:e5, in any language."""
_NEAR, _HALF = 0.32, 0.5
"From this likeness the article matches if it also has more than this share of the request's words."
_ASKING = frozenset(
    content(
        "news newest latest recent today story stories article articles report reports read reads reading coverage "
        "happen happening tell know want need find show give look looking please think interest interesting good "
        "great best nice quiet calm long short quick deep light easy thing something anything everything piece "
        "pieces feature explain"
    )
) | {NOT, PERHAPS, SAY, ""}
"Stems of words that say what kind of reading is wanted, and nothing of its topic."


@dataclass(frozen=True)
class Cited:
    """A sentence of an answer."""

    text: str
    "The sentence, word for word as the articles that it cites have it."
    ranks: tuple[int, ...]
    "The places of these articles on the page, best first: the numbers of the citation."
    news_ids: tuple[str, ...]
    "The ids of the same articles."


@dataclass(frozen=True)
class Answer:
    """What the articles of a page say to a request."""

    found: bool
    "Whether anything in the newsroom matches the request."
    sentences: tuple[Cited, ...]
    "The sentences in reading order; empty if nothing matches, or if no sentence of a match can stand alone."

    @property
    def remark(self) -> str:
        """What the page says about its stories if there is no answer; empty if there is one."""
        if self.sentences:
            return ""
        if self.found:
            return "The stories below match your request, but have no sentence that answers it by itself."
        return "Nothing in this newsroom matches your request. The stories below are only the nearest to it."

    @property
    def text(self) -> str:
        """The answer as one text, each sentence with its citations, `… in Ghent. [1]`, or the remark."""
        return " ".join(f"{cited.text} {marks(cited.ranks)}" for cited in self.sentences) or self.remark

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as values that JSON can hold."""
        sentences = [
            {"text": cited.text, "ranks": list(cited.ranks), "news_ids": list(cited.news_ids)}
            for cited in self.sentences
        ]
        return {"found": self.found, "text": self.text, "sentences": sentences}


def marks(ranks: Sequence[int]) -> str:
    """Return citations as they are shown: `[1]`, or `[1][3]`."""
    return "".join(f"[{rank}]" for rank in ranks)


@dataclass(frozen=True, eq=False)
class _Article:
    """An article of the page, as it is read for an answer."""

    row: Mapping[str, Any]
    "Its row of the RANKED table."
    texts: Mapping[str, Any]
    "Its row of the NEWS table."
    lead: Sequence[str]
    vectors: Vectors
    "Vectors of the title and of the lead's sentences, (1 + sentences, dim)."
    likeness: Vectors
    "Likeness of each of these to the request, -1 to 1."


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A sentence that may be shown."""

    text: str
    rank: int
    place: int
    "The sentence's place among the sentences of its article, from 0."
    vector: Vectors
    likeness: float
    "Likeness of the sentence to the request, -1 to 1."
    article: str
    "The whole text of the article."


def answer(
    request: str,
    ranked: pa.Table,
    news: pa.Table,
    encode: Encode,
    ask: Encode | None = None,
    *,
    alike: float = ALIKE,
) -> Answer:
    """Answer a request from the RANKED table made for this request, rank 1 first, and the NEWS table of its articles.

    `encode` is the news tower as it reads sentences, `ask` as it reads a request; None if both are the same. From the
    likeness `alike` an article matches, whatever its words. Sentences of the best article come first; those of one
    article keep their order.
    Raises ContractError if an article is not in `news`.
    """
    wanted = words_asked(request)
    articles = _read(request, first_ranks(ranked, _ARTICLES).to_pylist(), news, encode, ask)
    matching = [article for article in articles if _matches(wanted, article, alike)]
    candidates = [candidate for article in matching for candidate in _candidates(article)]
    if not candidates:
        return Answer(bool(matching), ())
    chosen = sorted(_choose(wanted, candidates))
    return Answer(True, tuple(_cite(candidates[number].text, articles) for number in chosen))


def _read(
    request: str, rows: Sequence[Mapping[str, Any]], news: pa.Table, encode: Encode, ask: Encode | None
) -> list[_Article]:
    if not rows:
        return []
    articles = articles_of(news, [row["news_id"] for row in rows])
    leads = [whole_sentences(article["abstract"], article["body"]) for article in articles]
    texts = [[article["title"], *lead] for lead, article in zip(leads, articles, strict=True)]
    sentences = list(chain.from_iterable(texts))
    vectors = np.concatenate([ask([request]), encode(sentences)]) if ask else encode([request, *sentences])
    parts = np.split(vectors[1:], np.cumsum([len(part) for part in texts])[:-1])
    likeness = [part @ vectors[0] for part in parts]
    return [_Article(*one) for one in zip(rows, articles, leads, parts, likeness, strict=True)]


def words_asked(request: str) -> frozenset[str]:
    """Return the stems of the words that say what a request is about."""
    return _terms(request) - _ASKING


def _terms(text: str) -> frozenset[str]:
    return frozenset(chain.from_iterable(map(pairs, content(text))))


def _matches(wanted: frozenset[str], article: _Article, alike: float) -> bool:
    shared = share_of(wanted, "\n".join((article.texts["title"], *article.lead)))
    return is_match(float(article.likeness.max()), shared, alike)


def is_match(likeness: float, shared: float, alike: float = ALIKE) -> bool:
    """Tell whether an article answers a request, by likeness (-1 to 1) and the share of the request's words (0 to 1).

    Something in a newsroom is always nearest, also to nonsense, and common words are shared by chance: so great
    likeness is enough, since a match may use other words, and less is if most of the words are there. The likeness is
    plain, of the request to the title or the best sentence, not the ranking's `two_tower`: a user tower that clicks
    trained shifts every request towards what is read. A sentence is nearest to a question, a title to a broad topic.
    """
    return likeness >= alike or (likeness >= _NEAR and shared > _HALF)


def share_of(wanted: frozenset[str], text: str) -> float:
    """Return the share of the request's words that a text has; 0 if the request has none."""
    return len(wanted & _terms(text)) / len(wanted) if wanted else 0.0


def _candidates(article: _Article) -> list[_Candidate]:
    """Return the sentences of an article that may be shown; none if the article tells what an article above it told."""
    rank, diversity = article.row["rank"], article.row["diversity"]
    if rank > 1 and diversity is not None and diversity < _SAME_EVENT:
        return []
    whole = whole_text(article.texts)
    sentences = zip(article.lead, article.vectors[1:], article.likeness[1:], strict=True)
    return [
        _Candidate(text, rank, place, vector, float(likeness), whole)
        for place, (text, vector, likeness) in enumerate(sentences)
        if stands_alone(text) and not has_markup(text) and not tone_problems(text, article.texts)
    ]


def _score(wanted: frozenset[str], one: _Candidate) -> float:
    """Return how well a sentence answers."""
    return one.likeness + _SHARED * share_of(wanted, one.text) + _RANK / one.rank + _PLACE / (1 + one.place)


def _choose(wanted: frozenset[str], candidates: Sequence[_Candidate]) -> list[int]:
    """Return the numbers of the candidates to show, best first; the fact gate has the last word on each."""
    scores = np.array([_score(wanted, candidate) for candidate in candidates])
    vectors = np.stack([candidate.vector for candidate in candidates])
    alike = vectors @ vectors.T
    left = [number for number in range(len(candidates)) if scores[number] >= _FLOOR * scores.max()]
    chosen: list[int] = []
    while left and len(chosen) < MOST_SENTENCES:
        near = alike[:, chosen].max(axis=1) if chosen else np.zeros(len(candidates))
        best = max(left, key=lambda number: (scores[number] - _REPEATS * near[number], -number))
        left.remove(best)
        one, others = candidates[best], [candidates[number] for number in chosen]
        full = sum(other.rank == one.rank for other in others) >= _OF_ONE_ARTICLE
        again = says_again(one.text, [other.text for other in others], float(near[best]))
        if not full and not again and not check(one.text, one.article):
            chosen.append(best)
    return chosen


def _cite(text: str, articles: Sequence[_Article]) -> Cited:
    """Return a sentence with all read articles that have it word for word."""
    having = [
        (article.row["rank"], article.row["news_id"]) for article in articles if has_sentence(article.texts, text)
    ]
    return Cited(text, tuple(rank for rank, _ in having), tuple(news_id for _, news_id in having))

"""The article's own sentences: a summary if no draft passed the gate, and what answers and digests can cite."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from broadsheet.generate.gate.tone import tone_problems
from broadsheet.generate.text.language import form_in_words
from broadsheet.generate.text.quotations import is_open_quote
from broadsheet.generate.text.words import CLOSERS, ENDS, content, count, fold, sentences, without_dateline, words

_LEAD = 6
_LEAST_WORDS = 5
_MOST_WORDS = 60
"Most words of a sentence that is cited; a longer one is a list, or text of the page around the article."
_POINTS_BACK = re.compile(
    r"\W*(?:[^,]{0,40},\W+)?(?:he|she|it|they|him|his|her|hers|its|their|theirs|them|this|that|these|those|there|such"
    r"|both|neither|another|the (?:latter|former|others?|ones?(?!-)|same|two|three|pair|duo|trio)"
    r"|but|and|or|nor|so|yet|then|thus|also|still|however|instead|meanwhile|moreover|furthermore|therefore|otherwise"
    r"|nevertheless|nonetheless|besides|likewise|similarly|afterwards?|later|earlier|in addition|at the same time"
    r"|as a result|for (?:example|instance)|in contrast|here"
    r"|the (?:move|decision|announcement|incident|remarks?|comments?)"
    r"|the(?:\s+(?-i:[a-z]+)){1,2}\s+(?:he|she|him|his|her|they|their))\b",
    re.IGNORECASE,
)
_FURNITURE = re.compile(
    r"\W*(?:read more|click|watch|share|follow|subscribe|sign up|image|media|photo|video|story highlights|advertisement"
    r"|copyright|related|see also|correction|updated?|news app|(?-i:OPINION|ANALYSIS))\b",
    re.IGNORECASE,
)
"Words with which a page speaks about itself."


@lru_cache(maxsize=1024)
def extract(title: str, abstract: str, body: str, most_words: int) -> str:
    """Return one or two whole sentences of the article, in its order and within `most_words`, or "" if none fits.

    They are the lead sentences whose words are closest to the title's; of two that are equally close, the earlier. No
    sentence is clickbait or harms, has markup, or is in another language than the article.
    """
    text = body if body.strip() else abstract
    article = {"title": title, "abstract": abstract, "body": body}
    lead = [
        sentence
        for sentence in lead_sentences(text)
        if not tone_problems(sentence, article) and not form_in_words(sentence, article)
    ]
    about = set(content(title))
    best = sorted(range(len(lead)), key=lambda place: (-_closeness(lead[place], about, place), place))
    chosen: list[int] = []
    for place in best:
        if len(chosen) < 2 and sum(count(lead[other]) for other in [*chosen, place]) <= most_words:
            chosen.append(place)
    return " ".join(lead[place] for place in sorted(chosen))


def whole_sentences(abstract: str, body: str, most: int = _LEAD) -> list[str]:
    """Return the first `most` whole sentences of an abstract and a body, word for word, in this order, each once."""
    return list(_whole_sentences(abstract, body, most))


@lru_cache(maxsize=256)  # digests and answers read an article several times
def _whole_sentences(abstract: str, body: str, most: int) -> tuple[str, ...]:
    found: dict[tuple[str, ...], str] = {}
    for sentence in (*lead_sentences(abstract, most), *lead_sentences(body, most)):
        found.setdefault(tuple(map(fold, words(sentence))), sentence)
    return tuple(found.values())


def has_sentence(article: Mapping[str, Any], text: str) -> bool:
    """Whether a row of a NEWS table has a sentence word for word."""
    return text in article["abstract"] or text in article["body"]


def stands_alone(sentence: str) -> bool:
    """Whether a reader understands a sentence without the one before: a statement that points to nothing earlier.

    Only pronouns and linking words at its beginning are recognised as pointing.
    """
    states = not sentence.rstrip(CLOSERS).endswith(("?", "؟", "？")) and count(sentence) <= _MOST_WORDS
    return states and not _POINTS_BACK.match(sentence) and not _FURNITURE.match(sentence)


def lead_sentences(text: str, most: int = _LEAD) -> list[str]:
    """Return the first `most` whole sentences of a text, in its order, without its dateline."""
    return [sentence for sentence in sentences(without_dateline(text)) if _is_whole(sentence)][:most]


def _closeness(sentence: str, about: set[str], place: int) -> float:
    shared = len(set(content(sentence)) & about)
    return shared / max(len(about), 1) + 0.3 / (1 + place)


def _is_whole(sentence: str) -> bool:
    opens = (sentence[0].isalnum() and not sentence[0].islower()) or sentence[0] in "\"'“‘„«¿¡「"
    ended = sentence.rstrip(CLOSERS).endswith(ENDS[:3] + ENDS[4:])
    return opens and ended and not is_open_quote(sentence) and count(sentence) >= _LEAST_WORDS

"""Requests in a reader's own words: checked, and answered from the articles that were ranked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.errors import InputError
from broadsheet.text import one_line

if TYPE_CHECKING:
    from broadsheet.generate import Answer
    from broadsheet.retrieval.towers.news_tower import NewsTower


MOST_CHARACTERS = 1000
"Most characters of a request, some 200 words: of a longer text the encoder would read only the beginning."


def read_request(text: str) -> str:
    """Return a request on one line, without control characters.

    Raises InputError if the request is empty or has more than 1,000 characters. A long request is refused and not cut:
    its reader would not know which part was answered.
    """
    if not isinstance(text, str):
        raise InputError(f"ask: found {text!r}, expected a text, such as 'quiet long reads on space'.")
    request = one_line(text)
    if not request:
        raise InputError("ask: found an empty request, expected some words, such as 'quiet long reads on space'.")
    if len(request) > MOST_CHARACTERS:
        raise InputError(
            f"ask: found a request of {len(request):,} characters, expected {MOST_CHARACTERS:,} at most. Shorten it."
        )
    return request


def answer_request(request: str, ranked: pa.Table, catalogue: Catalogue, tower: NewsTower) -> Answer:
    """Answer a request from the articles that were ranked for it.

    `ranked` is a RANKED table, rank 1 first; `tower` turns the request and sentences into unit vectors.
    """
    from broadsheet.generate import answer
    from broadsheet.generate.extracts.answer import ALIKE, ALIKE_CENTRED
    from broadsheet.retrieval.topic import topic_of

    alike = ALIKE_CENTRED if tower.recipe.centre else ALIKE
    return answer(topic_of(request), ranked, catalogue.news, tower, tower.queries, alike=alike)

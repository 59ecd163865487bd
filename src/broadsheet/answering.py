"""What `ask` adds to a page: the answer to its request, and stories that no reader has to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import InputError
from broadsheet.page_text import printable

if TYPE_CHECKING:
    from broadsheet.generate import Answer
    from broadsheet.workbench import Workbench

MOST_CHARACTERS = 1000
"Of a request: some 200 words, beyond which the encoder would read the beginning alone."


def read_request(text: str) -> str:
    """Return a request on one line, without control characters; raises InputError if nothing is left or it is long.

    A long one is refused, not cut: its reader would not know which part was answered.
    """
    if not isinstance(text, str):
        raise InputError(f"ask: found {text!r}, expected a text, such as 'quiet long reads on space'.")
    request = " ".join(printable(text).split())
    if not request:
        raise InputError("ask: found an empty request, expected some words, such as 'quiet long reads on space'.")
    if len(request) > MOST_CHARACTERS:
        raise InputError(
            f"ask: found a request of {len(request):,} characters, expected {MOST_CHARACTERS:,} at most. Shorten it."
        )
    return request


def answer_request(request: str, ranked: pa.Table, bench: Workbench) -> Answer:
    """Answer a request from the articles that were ranked for it."""
    from broadsheet.generate import answer
    from broadsheet.retrieval.requests import topic_of

    return answer(topic_of(request), ranked, bench.catalogue.news, bench.news_tower)


def tell_at_once(ranked: pa.Table, known: pa.Table, bench: Workbench, k: int) -> pa.Table:
    """Return the stories of a RANKED table without a draft of the writer, which takes seconds for each.

    They are those of the STORIES table `known`, and else in the publisher's words or extracts.
    """
    from broadsheet.generate import StoryWriter

    writer, news = bench.make_story_writer(k), bench.catalogue.news
    own = StoryWriter(None, k=k, summary_words=bench.config.generate.summary_words)
    asked, of_row = writer.asked(ranked, news)
    lacking = pa.array(writer.lacks(asked, known, any_interest=True)[of_row])
    told = writer(ranked.filter(pc.invert(lacking)), news, known=known, any_interest=True)
    return pa.concat_tables([told, own(ranked.filter(lacking), news)])

"""The articles that a RANKED table names, and the parts of them that are read."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError
from broadsheet.generate.text.words import sentences, without_dateline
from broadsheet.text import one_line, without_controls

_ARTICLE = ("news_id", "title", "abstract", "body", "content_hash")


def first_ranks(ranked: pa.Table, k: int) -> pa.Table:
    """Return the rows of a RANKED table with rank 1 to k, in its order."""
    return ranked.filter(pc.less_equal(ranked["rank"], k))


def articles_of(news: pa.Table, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the articles of these ids, in the order of the ids, made `legible`."""
    found = news.select(list(_ARTICLE)).filter(pc.is_in(news["news_id"], value_set=pa.array(ids, pa.string())))
    articles = {row["news_id"]: legible(row) for row in found.to_pylist()}
    missing = [news_id for news_id in ids if news_id not in articles]
    if missing:
        shown = ", ".join(missing[:5]) + (" and others" if len(missing) > 5 else "")
        raise ContractError(
            f"table ranked: {len(missing)} articles are not in table news: {shown}. Rank again with this corpus."
        )
    return [articles[news_id] for news_id in ids]


_READ = 10
"How many sentences of an article its headline is compared with."


def first_sentences(article: Mapping[str, Any]) -> list[str]:
    """Return the first sentences of an article's text, so that a headline is compared with more than the lead."""
    return sentences(source_text(article))[:_READ]


def source_text(article: Mapping[str, Any]) -> str:
    """Return the abstract and the body; only the body if it begins with the abstract."""
    abstract, body = article["abstract"].strip(), without_dateline(article["body"]).strip()
    return body if body.startswith(abstract) else f"{abstract} {body}"


def whole_text(article: Mapping[str, Any]) -> str:
    """Return all that a text about an article is compared with: title, abstract and body, each on lines of its own."""
    return "\n".join((article["title"], article["abstract"], article["body"]))


READ = 30_000
"Most characters that are read of a body, and of an abstract: some 5,000 words."


def legible(article: Mapping[str, Any]) -> dict[str, Any]:
    """Return an article without control characters, its title on one line, its texts cut to READ characters."""
    texts = {name: _beginning(without_controls(article[name])) for name in ("abstract", "body")}
    return {**article, "title": one_line(article["title"]), **texts}


def _beginning(text: str) -> str:
    if len(text) <= READ:
        return text
    cut = text[:READ]
    return cut[: max(cut.rfind(blank) for blank in " \n")] if re.search(r"\s", cut) else cut

"""The stored digests of an edition, as one reader may see them now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.filters import Selection
from broadsheet.newsroom import Edition
from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrow_files import empty, read_table
from broadsheet.tables.schemas import DIGESTS

_OF_ARTICLE = ["news_id", "title", "category", "source", "url", "content_hash"]


def read_digests(edition: Edition) -> pa.Table:
    """Return table digests of an edition; empty for an edition whose manifest names no such file.

    Raises ContractError if the file is damaged, or missing though the manifest names it.
    """
    there = edition.digests.is_file() or edition.digests.name in edition.read_manifest()["files"]
    return read_table(edition.digests, DIGESTS) if there else empty(DIGESTS)


class Digests:
    """The table digests, looked up by article."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._row_of = {news_id: row for row, news_id in enumerate(table.column("news_id").to_pylist())}

    def of_pages(
        self,
        ranked: pa.Table,
        readers: Sequence[ReaderState],
        catalogue: Catalogue,
        selection: Selection | None = None,
    ) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the digests of a RANKED table's articles as pages show them, by user id and article id.

        Articles that were withdrawn or rewritten since the build, or that filters leave out, are taken out of every
        digest, and articles that a reader muted or hid out of this reader's digests. They stand neither in the list of
        articles nor as the source of a sentence. A digest that then has fewer than two sentences, or fewer than two
        cited articles, is left out.
        """
        shown = list(zip(ranked.column("user_id").to_pylist(), ranked.column("news_id").to_pylist(), strict=True))
        stored = {news_id: self._stored(news_id) for _, news_id in shown if news_id in self._row_of}
        if not stored:
            return {}
        articles = _unchanged(stored.values(), catalogue)
        if selection is not None:
            articles = {name: one for name, one in articles.items() if selection.allowed[catalogue.row_of[name]]}
        state_of = {reader.user_id: reader for reader in readers}
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for user_id, news_id in shown:
            if news_id in stored:
                reader = state_of[user_id]
                seen = {
                    name: article
                    for name, article in articles.items()
                    if name not in reader.user["hidden"]
                    and article["category"] not in reader.muted_categories
                    and article["source"] not in reader.muted_sources
                }
                digest = _cut(stored[news_id], seen)
                if digest is not None:
                    found[user_id, news_id] = digest
        return found

    def _stored(self, news_id: str) -> dict[str, Any]:
        row: dict[str, Any] = self._table.slice(self._row_of[news_id], 1).to_pylist()[0]
        return row


def _unchanged(stored: Collection[Mapping[str, Any]], catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    """Return the articles of digests, by id, without articles whose text changed since the digests were made."""
    digested = {
        news_id: content
        for digest in stored
        for news_id, content in zip(digest["news_ids"], digest["content_hashes"], strict=True)
    }
    rows = catalogue.news.select(_OF_ARTICLE).take(pa.array(catalogue.rows(list(digested)), pa.int64())).to_pylist()
    return {row["news_id"]: row for row in rows if row["content_hash"] == digested[row["news_id"]]}


def _cut(digest: Mapping[str, Any], articles: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return a digest with only these articles and the sentences that cite them; None if too few remain."""
    news_ids = [news_id for news_id in digest["news_ids"] if news_id in articles]
    sentences = [
        {**sentence, "news_ids": kept}
        for sentence in digest["sentences"]
        if (kept := [news_id for news_id in sentence["news_ids"] if news_id in articles])
    ]
    if digest["news_id"] not in articles or not _is_enough(sentences):
        return None
    listed = [{name: articles[news_id][name] for name in ("news_id", "title", "source", "url")} for news_id in news_ids]
    return {"sentences": sentences, "news_ids": news_ids, "articles": listed}


def _is_enough(sentences: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether there are two sentences, two cited articles, and a first sentence that says what happened."""
    cited = {news_id for sentence in sentences for news_id in sentence["news_ids"]}
    return len(sentences) > 1 and len(cited) > 1 and sentences[0]["part"] == "happened"

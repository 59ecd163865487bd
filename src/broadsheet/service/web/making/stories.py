"""Stories as the readers' pages show them: their texts, and where their links lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.pages.rendering import story_fields
from broadsheet.service.web.making.paper import Paper, section_address


def shown_stories(
    rows: Iterable[Mapping[str, Any]], paper: Paper, catalogue: Catalogue, page_id: str = ""
) -> list[dict[str, Any]]:
    """Return rows of PAGE_STORIES with what templates need.

    With the id of a page that was logged, the links to publishers lead over `/go/`, which logs the click.
    """
    return [_shown(dict(row), paper, catalogue, page_id, number) for number, row in enumerate(rows, 1)]


def _shown(row: dict[str, Any], paper: Paper, catalogue: Catalogue, page_id: str, number: int) -> dict[str, Any]:
    story, news_id = story_fields(row, paper.look), quote(row["news_id"], safe="")
    about = f"?{urlencode({'page': page_id})}" if page_id else ""
    own_page, language = f"/story/{news_id}{about}", language_of(catalogue, row["news_id"])
    link = story["link"]
    return {
        **story,
        "number": number,
        "page": page_id,
        "image": story["image"] if story["image"].startswith("https:") else "",
        "section": section_address(row["category"]),
        "story": own_page,
        "go": (f"/go/{news_id}{about}" if page_id else link) if link else own_page,
        "why_address": f"/why/{news_id}",
        "lang": language if language != paper.look.language else "",
        "why_lang": paper.look.language,
    }


def language_of(catalogue: Catalogue, news_id: str) -> str:
    """Return the language of an article, such as en; empty if unknown."""
    row = catalogue.row_of.get(news_id)
    language: str = "" if row is None else catalogue.news.column("language")[row].as_py()
    return language

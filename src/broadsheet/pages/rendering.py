"""How a page looks: as HTML, as text and on the terminal, digests of its stories included."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from broadsheet.pages.look import Look
from broadsheet.tables.kept import kept_values
from broadsheet.text import one_line, web_link

if TYPE_CHECKING:
    from rich.console import RenderableType


def story_fields(row: Mapping[str, Any], look: Look) -> dict[str, Any]:
    """Return a row of PAGE_STORIES with the fields that every rendering shows: link, kicker, why, made and so on."""
    labels, time = look.labels, row["published_at"]
    summary = "" if _repeats(row["summary"], row["headline"], row["title"]) else row["summary"]
    date, kept = look.date(time) if time else "", kept_values(row["kept"])
    marks = look.marks_of(kept)
    return {
        **row,
        "summary": summary,
        "kept": kept,
        "link": web_link(row["url"]),
        "image": web_link(kept.get(look.image, "")),
        "digest": digest_shown(row["digest"], labels),
        "date": date,
        "marks": marks,
        "marked": marked(row["headline"], marks),
        "kicker": [part for part in (*marks, row["category"], row["source"], date) if part],
        "why": row["reason"],
        "why_label": labels["why"],
        "original": labels["publisher_headline"] if row["headline"] != row["title"] else "",
        "made": _made(row["method"], labels, with_summary=bool(summary)),
    }


def marked(headline: str, marks: Sequence[str]) -> str:
    """Return a headline for a list that shows nothing but headlines, such as `[sponsored] A Hotel by the Sea`."""
    return f"[{', '.join(marks)}] {headline}" if marks else headline


def _made(method: Mapping[str, str], labels: Mapping[str, str], *, with_summary: bool) -> str:
    """Return how a story's texts were made, such as `Headline and summary taken from the article`."""
    parts = ("headline", "summary") if with_summary else ("headline",)
    made = {labels[part]: labels.get(f"by_{method[part]}", method[part]) for part in parts}
    if len(set(made.values())) == 1:
        both = f" {labels['and']} ".join(made)
        text = f"{both} {made[labels['headline']]}"
    else:
        text = ", ".join(f"{part} {how}" for part, how in made.items())
    return text[:1].upper() + text[1:]


def _repeats(summary: str, *titles: str) -> bool:
    """Whether a summary only repeats the first words of a title: `Dam fails.` under `Dam Fails Again`."""
    words = _words(summary)
    return any(_words(title)[: len(words)] == words for title in titles)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _parts(story: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the lines of a story below its headline, each with the style it has on a terminal."""
    if story["kicker"]:
        yield " · ".join(story["kicker"]), "cyan"
    if story["summary"]:
        yield story["summary"], ""
    if story["why"]:
        yield f"{story['why_label']} {story['why']}", "italic"
    if story["original"]:
        yield f"{story['original']} {story['title']}", "dim"
    yield f"{story['made']}.", "dim"
    if story["digest"]:
        yield digest_line(story["digest"]), "dim"
    if story["link"]:
        yield story["link"], "dim"


def story_text(story: dict[str, Any]) -> list[str]:
    """Return the lines of a story on a page of plain text."""
    lines = wrap(f"{story['rank']}. {story['headline']}", "")
    return lines + [line for text, _ in _parts(story) for line in wrap(text, "    ")]


def wrap(text: str, indent: str, then: str = "    ") -> list[str]:
    """Return a text in lines of 80 characters: the first begins with `indent`, the others with `then`."""
    # Links stay whole, so that a terminal can open them.
    return textwrap.wrap(
        one_line(text),
        80,
        initial_indent=indent,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def rich_story(story: dict[str, Any]) -> RenderableType:
    """Return a story as the terminal shows it."""
    from rich.padding import Padding
    from rich.style import Style
    from rich.text import Text

    headline = Style(bold=True, link=story["link"] or None)
    text = Text.assemble(f"{story['rank']}. ", (one_line(story["headline"]), headline))
    for part, style in _parts(story):
        text.append("\n" + one_line(part), style)
    return Padding(text, (1, 0, 0, 1))


def digest_shown(digest: Mapping[str, Any] | None, labels: Mapping[str, str]) -> dict[str, Any] | None:
    """Return what a page shows of a digest: its name, its articles with safe links, and its parts in order.

    Articles are numbered from 1. Each sentence has the articles that it cites, with their numbers and links; a link
    that is not http or https is empty.
    """
    if digest is None:
        return None
    articles = [
        {"number": number, "link": web_link(article["url"]), "source": article["source"], "title": article["title"]}
        for number, article in enumerate(digest["articles"], 1)
    ]
    by_id = dict(zip(digest["news_ids"], articles, strict=True))
    parts: dict[str, list[dict[str, Any]]] = {}
    for sentence in digest["sentences"]:
        cited = [by_id[news_id] for news_id in sentence["news_ids"]]
        label = labels.get(sentence["part"], sentence["part"])
        parts.setdefault(label, []).append({"text": sentence["text"], "articles": cited})
    return {"name": labels["digest"].format(count=len(articles)), "articles": articles, "parts": parts}


def digest_line(shown: Mapping[str, Any]) -> str:
    """Return the number and the outlets of a digest's articles in a line, such as `3 articles on this: BBC, CNN.`."""
    sources = ", ".join(dict.fromkeys(article["source"] for article in shown["articles"] if article["source"]))
    return f"{shown['name']}: {sources}." if sources else f"{shown['name']}."


def seconds(time: float) -> str:
    """Return a duration such as '1.2 s' or '40 ms'."""
    return f"{time:.1f} s" if time >= 1 else f"{time * 1000:.0f} ms"

"""A page: the stories of one reader, as HTML, plain text, a dictionary or on a terminal.

Headlines, names and links come from outside. In HTML they are escaped; on a terminal their control characters are
removed and markup is not interpreted. Only http and https links are followed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from broadsheet.page_digest import DIGEST, digest_line, digest_shown
from broadsheet.page_text import day, printable, seconds, web_link
from broadsheet.profiles import NOTHING, Following
from broadsheet.schemas import NEWS, RANKED, STORIES

if TYPE_CHECKING:
    from jinja2 import Template
    from rich.console import RenderableType

    from broadsheet.generate import Answer

SIGNALS = (
    *("relevance", "tower", "popularity", "click_rate", "trend", "co_click", "freshness"),
    *("affinity", "subcategory_affinity", "source_affinity", "diversity"),
)

PAGE_STORIES = pa.schema(
    [
        RANKED.field("rank"),
        RANKED.field("news_id"),
        NEWS.field("title"),
        STORIES.field("headline"),
        STORIES.field("summary"),
        RANKED.field("score"),
        pa.field(
            "signals",
            pa.struct([RANKED.field(name) for name in SIGNALS]),
            nullable=False,
            metadata={"doc": "What the score is made of; null where it cannot be known."},
        ),
        RANKED.field("reason"),
        RANKED.field("because_news_id"),
        pa.field(
            "because_title", pa.string(), metadata={"doc": "The publisher's headline of the article behind the reason."}
        ),
        *(NEWS.field(name) for name in ("category", "source", "url", "published_at")),
        STORIES.field("method"),
        STORIES.field("checks"),
        DIGEST,
    ],
    metadata={"table": "page_stories", "version": "4"},
)

_MADE_BY = {
    "gpt": "written by GPT",
    "t5": "written by T5",
    "endpoint": "written by a language model",
    "extract": "taken from the article",
    "original": "in the publisher’s words",
}


@dataclass(frozen=True)
class Page:
    """The front page of one reader."""

    user_id: str
    "Whom it is for; empty for a request without a reader."
    kind: Literal["known", "profile", "new", "request"]
    "What it was made from: a reading history, a profile text, nothing (a new reader), or a request."
    request: str
    "The request in the reader's words; empty otherwise."
    edition: str
    "The edition that it was made from."
    as_of: datetime
    "The time that freshness and popularity were reckoned at, UTC."
    stories: pa.Table
    "A table of PAGE_STORIES, rank 1 first."
    timings: dict[str, float]
    "Seconds by stage."
    answer: Answer | None = None
    "What the stories say to the request; None where there is no request."
    follows: Following = NOTHING
    "What the reader follows, and whose words it is; nothing for a new reader and for a request."

    def to_html(self) -> str:
        """Return a whole HTML document that needs no other file."""
        return _template().render(page=self, stories=[_story(row) for row in self.stories.to_pylist()])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as values that JSON can hold; times in ISO 8601."""
        stories = [
            {**row, "published_at": row["published_at"] and row["published_at"].isoformat()}
            for row in self.stories.to_pylist()
        ]
        return {
            "user_id": self.user_id,
            "kind": self.kind,
            "request": self.request,
            "edition": self.edition,
            "as_of": self.as_of.isoformat(),
            "answer": self.answer and self.answer.to_dict(),
            "follows": asdict(self.follows),
            "stories": stories,
            "timings": dict(self.timings),
        }

    @property
    def reader(self) -> str:
        """For whom the page is, in words."""
        if self.kind == "request":
            return f"In answer to “{self.request}”" + (f", for {self.user_id}" if self.user_id else "")
        return "For a new reader" if self.kind == "new" else f"For {self.user_id}"

    @property
    def note(self) -> str:
        """How the page was chosen, in words for the reader, or that it is empty; no words for one from a history."""
        if not self.stories.num_rows:
            return "There are no stories to show now. Please come back later."
        if self.answer and self.answer.remark:
            return self.answer.remark
        return {
            "known": "",
            "profile": "You have read nothing here yet: this page follows what you told us of your interests.",
            "new": "We know nothing of your interests yet: this page is what is new. It becomes yours with use.",
            "request": "This page follows your request, not your reading alone.",
        }[self.kind]

    @property
    def colophon(self) -> str:
        """The edition, and the seconds that the page took, by stage and in all."""
        if not self.timings:
            return f"Edition {self.edition}."
        stages = ", ".join(f"{stage} {seconds(time)}" for stage, time in self.timings.items())
        return f"Edition {self.edition}. Made in {seconds(sum(self.timings.values()))}: {stages}."

    def __str__(self) -> str:
        lines = ["BROADSHEET", printable(f"{self.reader} · {day(self.as_of)}"), "=" * 80]
        lines += [line for text in (self.follows.sentence, self.note) for line in _wrap(text, "", "")]
        lines += ["", *_wrap(self.answer.text, "", "")] if self.answer and self.answer.sentences else []
        for row in self.stories.to_pylist():
            lines += ["", *_text(_story(row))]
        return "\n".join([*lines, "", "-" * 80, self.colophon])

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.padding import Padding
        from rich.rule import Rule
        from rich.text import Text

        head: list[RenderableType] = [
            Text("BROADSHEET", "bold", justify="center"),
            Text(printable(self.reader), justify="center"),
        ]
        head += [Text(day(self.as_of), "dim", justify="center"), Rule(style="dim")]
        head += [Text(printable(text), "italic") for text in (self.follows.sentence, self.note) if text]
        if self.answer and self.answer.sentences:
            head += [Padding(Text(printable(self.answer.text)), (1, 0, 0, 1))]
        stories = [_rich_story(_story(row)) for row in self.stories.to_pylist()]
        return Group(*head, *stories, Text(), Rule(style="dim"), Text(self.colophon, "dim"))


def _story(row: dict[str, Any]) -> dict[str, Any]:
    """Add to a row of PAGE_STORIES what each rendering shows."""
    time = row["published_at"]
    date = f"{time.day} {time:%B %Y}" if time else ""
    reason, because = row["reason"], row["because_title"]
    if because and because not in reason:
        reason = f"{reason.rstrip('.')} (you read “{because}”)." if reason else f"You read “{because}”."
    method = dict(row["method"]) if row["summary"] else {"headline": row["method"]["headline"]}
    made = {part: _MADE_BY.get(how, how) for part, how in method.items()}
    same = len(set(made.values())) == 1
    return {
        **row,
        "link": web_link(row["url"]),
        "digest": digest_shown(row["digest"]),
        "kicker": [part for part in (row["category"], row["source"], date) if part],
        "why": reason,
        "rewritten": row["headline"] != row["title"],
        "made": f"{' and '.join(made)} {made['headline']}"
        if same
        else ", ".join(f"{p} {how}" for p, how in made.items()),
    }


def _parts(story: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the lines of a story below its headline, each with the style it has on a terminal."""
    if story["kicker"]:
        yield " · ".join(story["kicker"]), "cyan"
    if story["summary"]:
        yield story["summary"], ""
    if story["why"]:
        yield f"Why: {story['why']}", "italic"
    if story["rewritten"]:
        yield f"Publisher’s headline: {story['title']}", "dim"
    yield story["made"][:1].upper() + story["made"][1:] + ".", "dim"
    if story["digest"]:
        yield digest_line(story["digest"]), "dim"
    if story["link"]:
        yield story["link"], "dim"


def _text(story: dict[str, Any]) -> list[str]:
    lines = _wrap(f"{story['rank']}. {story['headline']}", "")
    return lines + [line for text, _ in _parts(story) for line in _wrap(text, "    ")]


def _wrap(text: str, indent: str, then: str = "    ") -> list[str]:
    # Links stay whole, so that a terminal can open them.
    return textwrap.wrap(
        printable(text),
        80,
        initial_indent=indent,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _rich_story(story: dict[str, Any]) -> RenderableType:
    from rich.padding import Padding
    from rich.style import Style
    from rich.text import Text

    headline = Style(bold=True, link=story["link"] or None)
    text = Text.assemble(f"{story['rank']}. ", (printable(story["headline"]), headline))
    for part, style in _parts(story):
        text.append("\n" + printable(part), style)
    return Padding(text, (1, 0, 0, 1))


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["day"] = day
    return environment.from_string(files("broadsheet").joinpath("page.html").read_text("utf-8"))

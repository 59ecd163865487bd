"""A page: the stories of one reader, as HTML, plain text, a dictionary or on a terminal.

Headlines, names and links come from outside. In HTML they are escaped; on a terminal their control characters are
removed and markup is not interpreted. Only http and https links are followed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from broadsheet.pages.columns import front_columns
from broadsheet.pages.look import Look
from broadsheet.pages.page_event import page_event
from broadsheet.pages.rendering import rich_story, seconds, story_fields, story_text, wrap
from broadsheet.readers.profiles import NOTHING, Following
from broadsheet.tables.fields import list_of, new_field
from broadsheet.tables.kept import kept_values
from broadsheet.tables.schemas import DIGESTS, NEWS, RANKED, SIGNALS, STORIES
from broadsheet.text import one_line

if TYPE_CHECKING:
    from rich.console import RenderableType

    from broadsheet.generate import Answer

_OF_ARTICLE = ("news_id", "title", "source", "url")

DIGEST = pa.field(
    "digest",
    pa.struct(
        [
            DIGESTS.field("sentences").remove_metadata(),
            DIGESTS.field("news_ids").remove_metadata(),
            pa.field(
                "articles",
                list_of(pa.struct([NEWS.field(name).remove_metadata() for name in _OF_ARTICLE])),
                nullable=False,
            ),
        ]
    ),
    metadata={
        "doc": "What several articles say of the story's event, and which articles these are; null if only one does."
    },
)
"""The column of PAGE_STORIES that holds the digest of a story's event."""

WHY = (*SIGNALS, "own", "diversity")
"""Columns of ranked that say what put a story in its place."""

PAGE_STORIES = pa.schema(
    [
        RANKED.field("rank"),
        RANKED.field("news_id"),
        NEWS.field("title"),
        STORIES.field("headline"),
        STORIES.field("summary"),
        RANKED.field("score"),
        RANKED.field("fused"),
        pa.field(
            "signals",
            pa.struct([RANKED.field(name) for name in WHY]),
            nullable=False,
            metadata={"doc": "The values that the score is made of; a value that cannot be known is null."},
        ),
        RANKED.field("reason"),
        RANKED.field("because_news_id"),
        pa.field(
            "because_title", pa.string(), metadata={"doc": "The publisher's headline of the article behind the reason."}
        ),
        *(NEWS.field(name) for name in ("category", "source", "url", "published_at", "kept")),
        STORIES.field("method"),
        STORIES.field("checks"),
        DIGEST,
        new_field(
            "propensity",
            pa.float64(),
            "Probability that this slot has this article, above 0 to 1; 1 without exploration.",
        ),
        new_field(
            "conditional",
            pa.float64(),
            "Probability that this slot has this article given the slots above; the product over the slots is that of "
            "the page.",
        ),
    ],
    metadata={"table": "page_stories", "version": "8"},
)


@dataclass(frozen=True)
class Page:
    """The front page of one reader."""

    user_id: str
    "Id of the reader; empty for a request without a reader."
    kind: Literal["known", "profile", "new", "request"]
    "What the page was made from: a reading history, a profile text, nothing (a new reader), or a request."
    request: str
    "The request in the reader's words; empty for every other kind of page."
    edition: str
    "Name of the edition that the page was made from."
    as_of: datetime
    "The time for which freshness and popularity were computed, UTC."
    stories: pa.Table
    "A table of PAGE_STORIES, rank 1 first."
    timings: dict[str, float]
    "Seconds by stage."
    answer: Answer | None = None
    "The answer to the request, in sentences of the stories; None for every other kind of page."
    follows: Following = NOTHING
    "The reader's interests, and whether the reader or the history named them; empty for a new reader and a request."
    name: str = ""
    "The reader's name as the page shows it; without it, the page shows the id."
    look: Look = field(default_factory=Look)
    "How the page looks."
    experiment: str = ""
    "The experiment that the page is part of; several experiments are separated by commas, none is empty."
    arm: str = ""
    """The arm of the reader in the experiment; of several experiments, the arms in the same order. An interleaved page
    has 1, 2 or - for each of its first slots: which arm put the article, and - if either might have."""

    page_id: str = ""
    "The id of this page, by which what readers do on it is logged; no other page has it."
    policy: str = "none"
    """The policy that chose the articles by chance: none, epsilon-greedy, softmax or thompson; team-draft for a page
    that interleaves two arms of an experiment."""
    policy_version: str = ""
    "16 hex digits of the policy's code, its settings, and the most open slots of this page."
    seed: int = 0
    "The seed of the draw, from `page_id`, 0 to 2**63 - 1."
    explored: int = 0
    "How many slots the policy gave to another article than the best left."
    is_archive: bool = False
    'Whether the newsroom is an archive, whose time is that of its latest article or click (clock = "latest").'

    def event(self, shown_at: datetime | None = None) -> dict[str, Any]:
        """Return the event of kind page to log when the page is shown, for `Pipeline.log`.

        `shown_at` is the time at which it was shown; by default now, and `as_of` for the page of an archive. To log a
        page twice is harmless. The page of a request has no reader, and its event an empty user_id. Raises InputError
        for a page without an id.
        """
        return page_event(vars(self), self.stories, shown_at)

    def to_html(self) -> str:
        """Return the page as a whole HTML document, which loads no other files but the images of its articles.

        Raises ConfigError if a template of the site's own fails.
        """
        stories = self._shown()
        under, beside = front_columns(stories)
        return self.look.render(page=self, stories=stories, under=under, beside=beside)

    def _shown(self) -> list[dict[str, Any]]:
        return [story_fields(row, self.look) for row in self.stories.to_pylist()]

    def to_dict(self) -> dict[str, Any]:
        """Return the page as values that JSON can hold: times are ISO 8601 texts, `kept` maps names to texts."""
        stories = [
            {
                **row,
                "published_at": row["published_at"] and row["published_at"].isoformat(),
                "kept": (kept := kept_values(row["kept"])),
                "marks": self.look.marks_of(kept),
            }
            for row in self.stories.to_pylist()
        ]
        return {
            "user_id": self.user_id,
            "kind": self.kind,
            "request": self.request,
            "edition": self.edition,
            "page_id": self.page_id,
            "policy": self.policy,
            "policy_version": self.policy_version,
            "seed": self.seed,
            "explored": self.explored,
            "experiment": self.experiment,
            "arm": self.arm,
            "as_of": self.as_of.isoformat(),
            "answer": self.answer and self.answer.to_dict(),
            "follows": asdict(self.follows),
            "stories": stories,
            "timings": dict(self.timings),
        }

    @property
    def reader(self) -> str:
        """For whom the page is, in words, such as “For U12”."""
        labels, name = self.look.labels, self.name or self.user_id
        if self.kind == "request":
            return labels["in_answer_for" if name else "in_answer"].format(request=self.request, reader=name)
        is_nobody = not name or (self.kind == "new" and not self.name)
        return labels["for_new"] if is_nobody else labels["for"].format(reader=name)

    @property
    def interests(self) -> str:
        """What the reader follows, in a sentence; empty if nothing is known."""
        return self.follows.sentence(self.look.labels["follows"])

    @property
    def note(self) -> str:
        """How the page was chosen, in words for the reader, or that it has no stories; empty for a reading history."""
        if not self.stories.num_rows:
            return self.look.labels["no_stories"]
        if self.answer and self.answer.remark:
            return self.answer.remark
        return "" if self.kind == "known" else self.look.labels[f"note_{self.kind}"]

    @property
    def colophon(self) -> str:
        """The edition's name; with details, also the seconds that the page took, in all and by stage."""
        edition = self.look.labels["edition"].format(edition=self.edition)
        if not self.timings or not self.look.details:
            return edition
        stages = ", ".join(f"{stage} {seconds(time)}" for stage, time in self.timings.items())
        return f"{edition} Made in {seconds(sum(self.timings.values()))}: {stages}."

    def __str__(self) -> str:
        day = self.look.day(self.as_of)
        lines = [one_line(self.look.name).upper(), one_line(f"{self.reader} · {day}"), "=" * 80]
        lines += [line for text in (self.interests, self.note) for line in wrap(text, "", "")]
        lines += ["", *wrap(self.answer.text, "", "")] if self.answer and self.answer.sentences else []
        for shown in self._shown():
            lines += ["", *story_text(shown)]
        return "\n".join([*lines, "", "-" * 80, self.colophon])

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.padding import Padding
        from rich.rule import Rule
        from rich.text import Text

        head: list[RenderableType] = [
            Text(one_line(self.look.name).upper(), "bold", justify="center"),
            Text(one_line(self.reader), justify="center"),
        ]
        head += [Text(self.look.day(self.as_of), "dim", justify="center"), Rule(style="dim")]
        head += [Text(one_line(text), "italic") for text in (self.interests, self.note) if text]
        if self.answer and self.answer.sentences:
            head += [Padding(Text(one_line(self.answer.text)), (1, 0, 0, 1))]
        stories = [rich_story(shown) for shown in self._shown()]
        return Group(*head, *stories, Text(), Rule(style="dim"), Text(self.colophon, "dim"))

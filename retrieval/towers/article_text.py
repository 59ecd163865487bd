"""What the news tower reads of an article."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

Facts = Callable[[str, str, str], str]
"""Title, abstract and body to what is read in the abstract's place."""


def news_text(title: str, abstract: str, category: str) -> str:
    """Return what the news tower reads of an article; the title stands first, so that it is the last to be cut."""
    return ". ".join(part for part in (title.rstrip(". "), abstract.strip(), category) if part)


@dataclass(frozen=True)
class ArticleText:
    """Reads title, abstract and category of an article; what `facts` returns stands in the abstract's place."""

    facts: Facts | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a NEWS table that are read."""
        return ("title", "abstract", "category", *(["body"] if self.facts else []))

    def abstract(self, title: str, abstract: str, body: str = "") -> str:
        """Return what is read between title and category."""
        return self.facts(title, abstract, body) if self.facts else abstract

    def __call__(self, news: pa.Table) -> list[str]:
        """Return the text of each article of a table with these columns."""
        return [
            news_text(row["title"], self.abstract(row["title"], row["abstract"], row.get("body", "")), row["category"])
            for row in news.select(list(self.columns)).to_pylist()
        ]


PLAIN = ArticleText()

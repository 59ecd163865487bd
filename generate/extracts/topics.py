"""What a reader follows: sections, people, places and bodies that several articles of a history share.

Counted, not written by a model: what is shown to readers of themselves must be true, and the same each time.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from broadsheet.generate.extracts.shared_names import names_of
from broadsheet.generate.text.words import fold, has_run, words

Kind = Literal["category", "subcategory", "name"]
Article = tuple[str, str, str, str]

COLUMNS = ("title", "abstract", "category", "subcategory", "source")
"""Columns of the news table that are read of each article."""
LEAST_ARTICLES = 2
"""How many different articles of the history must speak of a topic."""
SECTION_SHARE = 5
"""A category is a topic if one in SECTION_SHARE articles of known category is in it; so is a subcategory."""
CHARACTERS = 200
"""Most characters of a profile text."""


class Topic(NamedTuple):
    """Something that a reader follows."""

    text: str
    "The topic in plain words, as articles write it."
    kind: Kind
    articles: int
    "How many different articles of the history speak of it."


class _Found(NamedTuple):
    text: str
    kind: Kind
    articles: set[int]
    "Numbers of articles; the newest has the largest."


def topics(articles: Sequence[Mapping[str, str]], most: int = 8) -> list[Topic]:
    """Return at most `most` topics that the articles of a history share, the most shared topic first.

    The articles are given oldest first, each with title, abstract, category, subcategory and source. Of topics that
    equally many articles share, the one read last comes first. A topic is left out if a longer topic contains it and
    has at least as many articles.
    """
    source_of = {_row(article): article["source"] for article in articles}
    read = list(dict.fromkeys(_row(article) for article in reversed(articles)))[::-1]  # each where it was read last
    found = [*_sections(read, "category"), *_sections(read, "subcategory")]
    named = [(article[0], article[1], source_of[article]) for article in read]
    found += [_Found(text, "name", numbers) for text, numbers in names_of(named)]
    shared = [one for one in found if len(one.articles) >= LEAST_ARTICLES]
    shared.sort(key=lambda one: (-len(one.articles), -max(one.articles), get_args(Kind).index(one.kind), one.text))
    best: dict[tuple[str, ...], _Found] = {}
    for one in shared:
        best.setdefault(tuple(map(fold, words(one.text))), one)
    kept = [one for said, one in best.items() if said and not _is_said_again(said, one, best)]
    return [Topic(one.text, one.kind, len(one.articles)) for one in kept[:most]]


def _row(article: Mapping[str, str]) -> Article:
    return article["title"], article["abstract"], article["category"], article["subcategory"]


def _is_said_again(said: tuple[str, ...], one: _Found, others: Mapping[tuple[str, ...], _Found]) -> bool:
    """Whether a longer topic has these words in a row, and at least as many articles."""
    return any(
        len(longer) > len(said) and len(other.articles) >= len(one.articles) and has_run(longer, said)
        for longer, other in others.items()
    )


def profile_text(found: Sequence[Topic]) -> str:
    """Return topics as plain words, such as `science, space, NASA`, as many as the text has room for."""
    text = ""
    for topic in found:
        longer = f"{text}, {topic.text}" if text else topic.text
        text = longer if len(longer) <= CHARACTERS else text
    return text


def _sections(read: Sequence[Article], kind: Literal["category", "subcategory"]) -> list[_Found]:
    """Return the categories or subcategories that hold enough of the articles that have one."""
    held: dict[str, set[int]] = {}
    for number, (_, _, category, subcategory) in enumerate(read):
        text = _plain(category) if kind == "category" else _finer(category, subcategory)
        if text:
            held.setdefault(text, set()).add(number)
    least = sum(map(len, held.values())) / SECTION_SHARE
    return [_Found(text, kind, numbers) for text, numbers in held.items() if len(numbers) >= least]


def _plain(section: str) -> str:
    return " ".join(re.split(r"[\s_-]+", section)).strip()


def _finer(category: str, subcategory: str) -> str:
    """Return a subcategory in plain words, without the category that some publishers put before it: `newspolitics`."""
    whole, rest = _plain(subcategory), _plain(subcategory.removeprefix(category))
    rest = "US" if rest == "us" else rest  # it is no pronoun
    return rest if len(rest) > 1 and rest[0].isalpha() and rest != "news" else whole

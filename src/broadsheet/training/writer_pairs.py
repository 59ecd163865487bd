"""What the writer learns from: articles with their publisher's titles and abstracts, and headlines that readers chose.

Two kinds of file of such headlines are read, both tab-separated with a header: user_id, news_id, headline and clicked
(1 or 0, a line for each headline that a reader was shown), and the personalized test of PENS (Ao et al. 2021), where
readers wrote headlines of their own: userid, clicknewsID, posnewID, rewrite_titles.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.errors import CorpusError, InputError, join_problems
from broadsheet.newsroom import Newsroom
from broadsheet.progress import Say, silent
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import NEWS

if TYPE_CHECKING:
    from broadsheet.generate.writers.training_pairs import Pair


VALID_SHARE = 0.1
"""Share of the articles, the latest, which are measured on and not learned from."""
LEAST_WORDS = 20
"""Fewest words of an article's text from which a headline can be learned."""
TITLE_WORDS = (3, 18)
LEAST_ABSTRACT = 8
_LISTED = 5
_PENS_TITLES = "#TAB#"
_OURS = ("user_id", "news_id", "headline", "clicked")
_PENS = ("userid", "clicknewsID", "posnewID", "rewrite_titles")
Chosen = dict[tuple[str, str], dict[str, bool]]
"""By reader and article, the headlines and whether each was clicked."""


def check_jobs(jobs: Sequence[str]) -> None:
    """Raise InputError unless there are jobs, all of them known."""
    from broadsheet.generate.writers.training_pairs import JOBS

    if not jobs or not set(jobs) <= set(JOBS):
        raise InputError(f"jobs: found {', '.join(jobs) or 'none'}, expected some of {', '.join(JOBS)}.")


def read_pairs(newsroom: Newsroom, jobs: Sequence[str], until: date | None) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs to learn from and those of the latest tenth of the articles, split by time of publication.

    Articles without a time of publication count as the earliest; with `until` they are left out, since they may be of a
    later day. Raises CorpusError if there is no pair to learn from or none to measure on.
    """
    rows = [row for row in read_table(newsroom.news, NEWS).to_pylist() if until is None or _is_before(row, until)]
    rows.sort(key=lambda row: (row["published_at"] or datetime.min.replace(tzinfo=UTC), row["news_id"]))
    cut = len(rows) - round(len(rows) * VALID_SHARE)
    learned, valid = ([pair for row in part for pair in _pairs(row, jobs)] for part in (rows[:cut], rows[cut:]))
    if not learned or not valid:
        raise CorpusError(
            f"{newsroom.news}: found {len(learned)} pairs to learn from and {len(valid)} to measure among {len(rows)} "
            f"articles{f' before {until}' if until else ''}, expected some of each. A headline needs an article of "
            f"{LEAST_WORDS} words, a summary also an abstract that the body does not have."
        )
    return learned, valid


def _is_before(row: Mapping[str, Any], until: date) -> bool:
    return row["published_at"] is not None and row["published_at"].astimezone(UTC).date() < until


def _pairs(row: Mapping[str, Any], wanted: Sequence[str]) -> Iterator[Pair]:
    from broadsheet.generate.stories import jobs
    from broadsheet.generate.text.articles import source_text
    from broadsheet.generate.text.words import count
    from broadsheet.generate.writers.training_pairs import Pair

    title, abstract, body = (" ".join(row[name].split()) for name in ("title", "abstract", "body"))
    if "headline" in wanted and (pair := headline_pair(row, title)):
        yield pair
    if (
        "summary" in wanted
        and count(abstract) >= LEAST_ABSTRACT
        and count(body) >= LEAST_WORDS
        and abstract not in body
    ):
        text = source_text({**row, "abstract": ""})
        yield Pair("summary", jobs.prompt(jobs.SUMMARY, title, text), abstract)


def headline_pair(row: Mapping[str, Any], headline: str, others: Sequence[str] = ()) -> Pair | None:
    """Return the pair of an article and a headline; None if the text is too short or begins with the headline."""
    from broadsheet.generate.stories import jobs
    from broadsheet.generate.text.articles import source_text
    from broadsheet.generate.text.words import count
    from broadsheet.generate.writers.training_pairs import Pair

    text, (least, most) = source_text(row), TITLE_WORDS
    if count(text) < LEAST_WORDS or not least <= count(headline) <= most or text.startswith(headline):
        return None
    return Pair("headline", jobs.prompt(jobs.HEADLINE, "", text), headline, tuple(others))


def personal_pairs(newsroom: Newsroom, path: Path, say: Say = silent) -> list[Pair]:
    """Return a pair for each headline that a reader clicked or wrote.

    The headlines that the reader passed over are the `others` of the pair.

    Rows on articles that the newsroom does not have, or that are too short, are left out and counted. Raises InputError
    if the file is not as expected, or nothing is left.
    """
    chosen = read_personal(path)
    news = {row["news_id"]: row for row in read_table(newsroom.news, NEWS).to_pylist()}
    found = [
        headline_pair(
            row, headline, [other for other, clicked in shown.items() if not clicked] or _publishers(row, shown)
        )
        for (_, news_id), shown in chosen.items()
        if (row := news.get(news_id))
        for headline, clicked in shown.items()
        if clicked
    ]
    pairs = [pair for pair in found if pair]
    wanted = sum(sum(shown.values()) for shown in chosen.values())
    if not pairs:
        raise InputError(
            f"{path}: none of its {wanted} clicked headlines is of an article of {newsroom.path} with text. Import "
            "the articles that it names first."
        )
    say(f"{path}: {len(pairs)} headlines that readers chose; {wanted - len(pairs)} left out, of unknown articles")
    return pairs


def _publishers(row: Mapping[str, Any], shown: Mapping[str, bool]) -> list[str]:
    """Return the publisher's title as a headline that was passed over, unless the reader was shown it."""
    return [row["title"]] if row["title"].strip() and row["title"] not in shown else []


def read_personal(path: Path) -> Chosen:
    """Return the headlines of a file, by reader and article; raises InputError that tells all that is wrong with it."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
            header = tuple(rows[0]) if rows else ()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a table of headlines ({error}). Name a tab-separated file in UTF-8.") from error
    if set(_PENS) <= set(header):
        lines = [line for number, row in enumerate(rows, 2) for line in _of_pens(number, row)]
    elif set(_OURS) <= set(header):
        lines = [
            (number, row["user_id"], row["news_id"], row["headline"], row["clicked"])
            for number, row in enumerate(rows, 2)
        ]
    else:
        raise InputError(
            f"{path}: found columns {', '.join(map(str, header)) or 'none'}, expected {', '.join(_OURS)}, or "
            f"{', '.join(_PENS)} as PENS has them."
        )
    problems, chosen = [], Chosen()
    for number, user_id, news_id, headline, clicked in lines:
        if not user_id or not news_id or not (headline or "").strip() or clicked not in ("0", "1"):
            problems.append(f"line {number}: found {[user_id, news_id, headline, clicked]}")
            continue
        shown = chosen.setdefault((user_id, news_id), {})
        text = " ".join(headline.split())
        shown[text] = clicked == "1" or shown.get(text, False)
    if problems:
        more = [f"{len(problems) - _LISTED} more"] if len(problems) > _LISTED else []
        raise InputError(
            f"{path}: {join_problems([*problems[:_LISTED], *more])}; expected a reader, an article, a headline, and 1 "
            "for clicked or 0."
        )
    return chosen


def _of_pens(number: int, row: Mapping[str, str]) -> Iterator[tuple[int, str, str, str, str]]:
    """Yield a line for each headline that a reader of PENS wrote."""
    ids, titles = (row["posnewID"] or "").split(","), (row["rewrite_titles"] or "").split(_PENS_TITLES)
    # An article without a title, or a title without an article, is then found to be a problem.
    for news_id, title in zip_longest(ids, titles, fillvalue=""):
        yield number, row["userid"], news_id.strip(), title, "1"


def read_day(option: str, text: str) -> date | None:
    """Return the day that an option names, None for an empty text; raises InputError for anything else."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(f"{option}: found {text!r}, expected a day such as 2017-03-18.") from error

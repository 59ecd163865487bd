"""Importing MIND, the Microsoft News Dataset, or any folder in its format: news.tsv and behaviors.tsv, plain or gzip.

Columns are separated by tabs and quote characters are literal. MIND is an archive: in a newsroom made of it time stands
still at its last click.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import compress
from pathlib import Path
from typing import Any

from broadsheet.errors import CorpusError, join_problems
from broadsheet.importers.files.bounds import TOO_LONG
from broadsheet.importers.files.lines import first_lines, is_too_long, line_blocks
from broadsheet.importers.report import ImportReport
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.tables.times import TimeReader
from broadsheet.tables.values import SkipRow

_TIME = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2}):(\d{2}) ([AP])M", re.ASCII)
_HEADINGS = ("time", "timestamp", "date", "impression_time")
_NEWS_COLUMNS = ("news_id", "category", "subcategory", "title", "abstract", "url")


def import_mind(directory: Path, newsroom: Newsroom, split: str) -> ImportReport:
    """Add a folder of MIND to a newsroom; its impressions become table impressions-<split>.

    A user's history is that of the user's latest impression here. A click is a clicked article that has text. A test
    set without labels gives impressions whose `clicked` is empty. Raises CorpusError naming every file that is missing
    or empty, and what Import raises.
    """
    newsroom.impressions(split)  # a bad name of a split is an error before any file is read
    news, behaviors = _find(directory)
    with Import(newsroom) as add:
        add.archive()
        for block in line_blocks(news, "articles"):
            add.news(_parsed(enumerate(block), _news_row, add, "news"))
        latest: dict[str, tuple[datetime, int]] = {}
        for lines in _numbered(behaviors, "impressions"):
            impressions = list(_parsed(lines, _impression_row, add, f"impressions-{split}"))
            add.impressions(split, ({name: row[name] for name in row if name != "line"} for row in impressions))
            add.clicks(_clicks(impressions))
            for impression in impressions:
                seen = (impression["time"], impression["line"])
                user_id = impression["user_id"]
                latest[user_id] = max(seen, latest.get(user_id, seen))
        wanted = {line for _, line in latest.values()}
        latest.clear()
        for lines in _numbered(behaviors, "users"):  # a second pass, since all histories may not fit in memory
            rows = (_impression_row(text.decode("utf-8-sig"), line) for line, text in lines if line in wanted)
            add.users({"user_id": row["user_id"], "history": row["history"]} for row in rows)
    return add.report


def _find(directory: Path) -> tuple[Path, Path]:
    found, problems = [], []
    for name in ("news.tsv", "behaviors.tsv"):
        paths = [path for path in (directory / name, directory / f"{name}.gz") if path.is_file()]
        if not paths:
            problems.append(f"{directory / name}: no such file, nor {name}.gz")
        elif not first_lines(paths[0]):
            problems.append(f"{paths[0]}: the file is empty")
        else:
            found.append(paths[0])
    if problems:
        hint = "Expected a folder of MIND with news.tsv and behaviors.tsv; nothing was imported."
        raise CorpusError(f"{join_problems(problems)}\n{hint}")
    return found[0], found[1]


def _numbered(path: Path, what: str) -> Iterator[list[tuple[int, bytes]]]:
    start = 0
    for block in line_blocks(path, what):
        yield list(enumerate(block, start))
        start += len(block)


def _parsed(
    lines: Iterable[tuple[int, bytes]], parse: Callable[[str, int], dict[str, Any]], add: Import, table: str
) -> Iterator[dict[str, Any]]:
    for number, line in lines:
        if is_too_long(line):
            add.skip(f"{table}: line {TOO_LONG}")
            continue
        try:
            yield parse(line.decode("utf-8-sig"), number)
        except UnicodeDecodeError:
            add.skip(f"{table}: invalid UTF-8")
        except SkipRow as reason:
            add.report.skip(table, reason)


def _news_row(line: str, _: int) -> dict[str, Any]:
    columns = line.rstrip("\r\n").split("\t")
    if len(columns) < 5:
        raise SkipRow("too few columns")
    if columns[1].strip().lower() == "category" and columns[3].strip().lower() == "title":
        raise SkipRow("header row")
    return dict(zip(_NEWS_COLUMNS, columns, strict=False))


def _impression_row(line: str, number: int) -> dict[str, Any]:
    columns = line.rstrip("\r\n").split("\t")
    if len(columns) < 5:
        raise SkipRow("too few columns")
    impression_id, user_id, time, history, items = columns[:5]
    if time.strip().lower() in _HEADINGS:
        raise SkipRow("header row")
    shown, clicked = _shown(items.split())
    return {
        "impression_id": impression_id,
        "user_id": user_id,
        "time": _time(time),
        "history": history.split(),
        "shown": shown,
        "clicked": clicked,
        "line": number,
    }


def _shown(items: list[str]) -> tuple[list[str], list[bool]]:
    labels = {item[-2:] for item in items}
    if labels <= {"-0", "-1"}:
        return [item[:-2] for item in items], [item[-1] == "1" for item in items]
    if any("-" in item for item in items):
        raise SkipRow("malformed list of shown articles")
    return items, []


def _clicks(impressions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for impression in impressions:
        for news_id in compress(impression["shown"], impression["clicked"]):
            yield {"user_id": impression["user_id"], "news_id": news_id, "time": impression["time"]}


def _time(text: str) -> datetime:
    """Return a time as MIND writes it, month first, such as 11/15/2019 9:05:58 AM; other forms as in every import."""
    if not (match := _TIME.fullmatch(text)):
        return TimeReader().required(text)
    month, day, year, hour, minute, second = map(int, match.groups()[:6])
    try:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a clock of twelve hours")
        return datetime(year, month, day, hour % 12 + 12 * (match[7] == "P"), minute, second, tzinfo=UTC)
    except ValueError:
        raise SkipRow("unreadable time", f"found {text!r}; expected such as 11/15/2019 9:05:58 AM") from None

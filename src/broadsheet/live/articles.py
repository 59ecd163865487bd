"""The two calls between nights: articles that are added, and articles that are withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import InputError
from broadsheet.importers.columns import kept_already
from broadsheet.importers.intake import Intake, ShownWhen, open_intake
from broadsheet.importers.report import ImportReport
from broadsheet.importers.rows import Row, article_row, checked_rows, noting_left_out
from broadsheet.importers.tables import columns_found, news_rows
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_ids, given_names
from broadsheet.newsroom.journal import Journal
from broadsheet.tables.arrow_files import from_rows, read_table
from broadsheet.tables.live_schemas import WITHDRAWN, late_news
from broadsheet.tables.schemas import NEWS
from broadsheet.tables.values import SkipRow
from broadsheet.tables.vectors import vectors_to_arrow

if TYPE_CHECKING:
    from broadsheet.retrieval.towers.news_tower import NewsTower


def add_articles(
    newsroom: Newsroom,
    rows: Iterable[Mapping[str, Any]],
    tower: NewsTower,
    *,
    known: Container[str],
    keep: Sequence[str] = (),
    report: ImportReport | None = None,
    former: Callable[[str], ShownWhen] | None = None,
) -> ImportReport:
    """Encode articles and enter them into the journal; on the disk when the call returns. Returns what was taken.

    Rows are checked as in an import, and `keep` names further columns that are kept. A `report` that is given may have
    counted skipped rows already. `known` holds the ids of all articles, and `former` says when an article may be shown
    so far; without it, corpus and journal are read. Raises CorpusError if not one row can be taken;
    nothing is added then.
    """
    report = ImportReport() if report is None else report
    intake = open_intake(newsroom, report)
    intake.former = former or intake.former
    news = _checked(newsroom, rows, intake, given_names(keep, "keep"))
    vectors = tower(tower.text(news))
    table = pa.table([*news.columns, vectors_to_arrow(vectors)], schema=late_news(tower.dim))
    Journal(newsroom).add(table, tower.fingerprint)
    report.replaced["news"] = sum(news_id in known for news_id in news.column("news_id").to_pylist())
    return report


def add_file(
    newsroom: Newsroom,
    path: Path,
    columns: Mapping[str, str],
    keep: Sequence[str] | None = None,
    quoting: str = "auto",
) -> ImportReport:
    """Add the articles of a file, as `import_tables` reads it, to a newsroom, whether or not a process has it open.

    `keep` names further columns that are kept; without it, the columns of the file that the newsroom keeps already.
    `quoting` is that of `import_tables`. Raises NewsroomError if there is no newsroom, CorpusError if the file or all
    of its rows cannot be used, ModelError if the encoder cannot be loaded.
    """
    from broadsheet.workbench.models import EditionModels

    newsroom.require()
    report = ImportReport()
    if keep is None:
        keep = kept_already(newsroom, columns_found(path, quoting))
    rows = list(news_rows(path, columns, keep, report, quoting))
    tower = EditionModels(newsroom, newsroom.config()).news_tower
    return add_articles(newsroom, rows, tower, known=known_ids(newsroom), keep=keep, report=report)


def withdraw_articles(newsroom: Newsroom, news_ids: Iterable[str], known: Callable[[], Container[str]]) -> list[str]:
    """Enter ids into the journal as withdrawn; on the disk when the call returns.

    Returns the ids that no article has: they are withdrawn too, so that no later import brings them. `known` returns
    the ids of all articles. Raises InputError if there is no id, or a value that cannot be an id.
    """
    ids = list(dict.fromkeys(given_ids(news_ids, "ids")))
    if not ids:
        raise InputError("ids: found none, expected at least one id of an article.")
    there, now = known(), datetime.now(UTC)
    table = from_rows([{"news_id": news_id, "time": now} for news_id in ids], WITHDRAWN)
    Journal(newsroom).withdraw(table)
    return [news_id for news_id in ids if news_id not in there]


def known_ids(newsroom: Newsroom) -> set[str]:
    """Return the ids of the articles of the corpus and of the journal."""
    changes = Journal(newsroom).changed_ids(to_end=False)  # a call mends a journal whose end is missing
    ids = set(read_table(newsroom.news, NEWS).column("news_id").to_pylist())
    ids -= changes.withdrawn.keys()
    return ids if changes.added is None else ids | set(changes.added.column("news_id").to_pylist())


def _checked(newsroom: Newsroom, rows: Iterable[Row], intake: Intake, keep: Sequence[str]) -> pa.Table:
    report = intake.report
    taken: dict[str, dict[str, Any]] = {}

    def check(row: Row) -> dict[str, Any]:
        article, title_is_made = article_row(row, intake, keep)
        if article["news_id"] in taken:
            raise SkipRow("duplicate id")
        report.titles_made += title_is_made
        return article

    rows = noting_left_out(rows, [*NEWS.names, *keep], report, "news")
    for article in checked_rows(rows, check, intake, "news"):
        taken[article["news_id"]] = article
    intake.note_zone()
    report.taken["news"] = len(taken)
    report.require_rows(newsroom.path, "Nothing was added; mend the rows and add them again.")
    news = from_rows(list(taken.values()), NEWS)
    report.first, report.last = pc.min_max(news.column("published_at")).as_py().values()
    return news

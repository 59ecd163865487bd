"""Checks of an edition: each file has the SHA-256 of the manifest, and the tables agree with each other."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.entries import Entry, read_added, read_withdrawal
from broadsheet.newsroom.journal import NAME, Journal, read_withdrawn
from broadsheet.newsroom.manifest import file_problems
from broadsheet.nightly.index_recall import reader_recall
from broadsheet.nightly.ranks import ranks_count_up
from broadsheet.readers.follows import open_follows
from broadsheet.readers.mutes import open_mutes
from broadsheet.readers.profiles import open_profiles
from broadsheet.tables.arrow_files import empty, read_stamp, read_table
from broadsheet.tables.schemas import (
    CANDIDATES,
    CLICKS,
    DIGESTS,
    IMPRESSIONS,
    NEWS,
    RANKED,
    STORIES,
    USERS,
    news_vectors,
    user_vectors,
)
from broadsheet.tables.vectors import MappedVectors


def verify_edition(edition: Edition) -> list[str]:
    """Return every problem of a finished edition; empty if it is sound.

    First each file must have the SHA-256 of the manifest. If all have, the tables are checked as in a build; if these
    are sound, the numbers of articles and users and the index's recall for the edition's readers are checked.
    """
    try:
        manifest = edition.read_manifest()
    except NewsroomError as error:
        return [str(error)]
    problems = file_problems(edition.path, manifest["files"])
    dim = int(read_stamp(edition.index_rows)["dim"]) if not problems else 0
    return problems or check_edition(edition, dim) or _check_figures(edition, manifest, dim)


def _check_figures(edition: Edition, manifest: dict[str, Any], dim: int) -> list[str]:
    """Return where the numbers of articles and users differ from the manifest's, and whether the recall is too low."""
    from broadsheet.index_build import open_index

    news, users = read_table(edition.news, NEWS), read_table(edition.users, USERS)
    found = {"news": len(news), "users": len(users)}
    problems = [
        f"{name}: {count} rows, expected {manifest['counts'][name]}"
        for name, count in found.items()
        if count != manifest["counts"][name]
    ]
    model = read_stamp(edition.news_vectors).get("model", "")
    index = open_index(edition.index, edition.index_rows, news_ids=news.column("news_id"), model=model)
    articles = MappedVectors(read_table(edition.news_vectors, news_vectors(dim)))
    readers = MappedVectors(read_table(edition.user_vectors, user_vectors(dim)))
    recall, least = reader_recall(index, articles, readers), manifest["gate"]["bounds"]["min_recall"]
    if recall is not None and recall < least:
        problems.append(f"{edition.index.stem}: recall@100 is {recall:.3f}, expected {least:g} or more")
    return problems


def check_edition(edition: Edition, dim: int) -> list[str]:
    """Return every problem of an edition's index and tables: schemas, ids, ranks, unit vectors; empty if sound."""
    from broadsheet.index_build import open_index

    try:
        news = read_table(edition.news, NEWS)
        vectors = read_table(edition.news_vectors, news_vectors(dim))
        users = read_table(edition.users, USERS)
        of_users = read_table(edition.user_vectors, user_vectors(dim))
        lists = {
            "candidates": read_table(edition.candidates, CANDIDATES),
            "ranked": read_table(edition.ranked, RANKED),
            "stories": read_table(edition.stories, STORIES),
        }
        digests = read_table(edition.digests, DIGESTS) if edition.digests.is_file() else empty(DIGESTS)
        model = read_stamp(edition.news_vectors).get("model", "")
        open_index(edition.index, edition.index_rows, news_ids=news.column("news_id"), model=model)
    except BroadsheetError as error:
        return [str(error)]
    problems = _check_vectors("news_vectors", vectors, zeros=False)
    problems += _check_vectors("user_vectors", of_users, zeros=True)
    twice = len(news) - pc.count_distinct(news.column("news_id")).as_py()
    if twice:
        problems.append(f"news: {twice} rows repeat a news_id")
    if not vectors.column("news_id").equals(news.column("news_id")):
        problems.append("news_vectors: its news_id column differs from the news_id column of news")
    problems += _check_interests(of_users, users)
    known = users.column("user_id").combine_chunks()
    for name, table in lists.items():
        readers = (
            pa.concat_arrays([known, pa.array([""])]) if name == "stories" else known
        )  # "" is the new readers' page
        problems += _check_list(name, table, news.column("news_id"), pa.chunked_array([readers]))
    return problems + _check_digests(digests, news.column("news_id"))


def verify_journal(newsroom: Newsroom) -> list[str]:
    """Return every problem of the journal: names, numbers that repeat or are missing, damaged entries."""
    journal = Journal(newsroom)
    try:
        last, entries = journal.last(), _listed(journal)
    except BroadsheetError as error:
        return [str(error)]
    names = {path.name for path in journal.folder.glob("*") if not path.name.startswith(".")}
    strangers = sorted(name for name in names if not NAME.fullmatch(name))
    problems = [
        f"{name}: not the name of an entry, such as {'0' * 11}1-add.arrow or {'0' * 11}2-withdraw.arrow"
        for name in strangers
    ]
    for before, entry in pairwise(entries):
        if entry.sequence == before.sequence:
            problems.append(f"{entry.path.name}: its number is also the number of {before.path.name}")
        elif entry.sequence != before.sequence + 1:
            problems.append(
                f"{entry.path.name}: expected {before.sequence + 1} after {before.path.name}; entries are missing"
            )
    if last > (end := entries[-1].sequence if entries else journal.carried()):
        problems.append(f"it ends at entry {end}, expected {last}; entries are missing")
    for entry in entries:
        problems += _check_entry(entry)
    try:
        read_withdrawn(newsroom)
    except BroadsheetError as error:
        problems.append(str(error))
    return problems


def verify_newsroom(newsroom: Newsroom) -> list[str]:
    """Return a problem for each table of the corpus, of the readers and of late texts that is damaged or missing.

    Editions copy the corpus, so that its damage would be found by the next build alone.
    """
    tables = {newsroom.news: NEWS, newsroom.users: USERS, newsroom.clicks: CLICKS}
    tables |= dict.fromkeys(newsroom.all_impressions(), IMPRESSIONS)
    if newsroom.late_texts.exists():
        tables[newsroom.late_texts] = STORIES
    reads: list[Callable[[], object]] = [partial(read_table, path, schema) for path, schema in tables.items()]
    reads += [open_mutes(newsroom.mutes), open_follows(newsroom.follows), open_profiles(newsroom.profiles)]
    problems = []
    for read in reads:
        try:
            read()
        except BroadsheetError as error:
            problems.append(str(error))
    return problems


def _listed(journal: Journal) -> list[Entry]:
    """List the entries while no build or pruning removes some of them, which would look like missing entries."""
    entries = journal.entries()
    while entries != (again := journal.entries()):
        entries = again
    return entries


def _check_entry(entry: Entry) -> list[str]:
    try:
        if entry.kind == "withdraw":
            read_withdrawal(entry)
            return []
        articles, _ = read_added(entry)
    except BroadsheetError as error:
        return [str(error)] if entry.path.exists() else []  # removed since, as every edition holds it
    return _check_vectors(entry.path.name, articles, zeros=False)


def _check_vectors(name: str, table: pa.Table, *, zeros: bool) -> list[str]:
    """Return a problem if a vector is not of unit length; `zeros` allows vectors of zeros too."""
    bad = 0
    for block in MappedVectors(table):
        lengths = np.linalg.norm(block, axis=1)
        fine = np.abs(lengths - 1) < 1e-3
        bad += int((~(fine | (lengths == 0) if zeros else fine)).sum())
    return [f"{name}: {bad} vectors are not of unit length"] if bad else []


def _check_interests(vectors: pa.Table, users: pa.Table) -> list[str]:
    """Return a problem unless user_vectors has rows 1, 2, 3 … for the interests of each user, in the order of users."""
    count = max(1, len(vectors) // max(1, len(users)))
    expected = users.column("user_id").take(pa.array(np.repeat(np.arange(len(users)), count)))
    if not vectors.column("user_id").equals(expected):
        return ["user_vectors: its user_id column does not follow the user_id column of users"]
    if not np.array_equal(vectors.column("interest"), np.tile(np.arange(1, count + 1), len(users))):
        return ["user_vectors: its interests are not 1, 2, 3 … for each user"]
    return []


def _check_list(name: str, table: pa.Table, news_ids: pa.ChunkedArray, user_ids: pa.ChunkedArray) -> list[str]:
    problems = []
    for column, known in (("news_id", news_ids), ("user_id", user_ids)):
        unknown = pc.sum(pc.invert(pc.is_in(table.column(column), value_set=known.combine_chunks()))).as_py()
        if unknown:
            problems.append(f"{name}: {unknown} rows name an unknown {column}")
    if not ranks_count_up(table):
        problems.append(
            f"{name}: expected the rows of each user together, with ranks 1, 2, 3 …; found rows in another order"
        )
    return problems


def _check_digests(digests: pa.Table, news_ids: pa.ChunkedArray) -> list[str]:
    """Return the problems of table digests.

    An article has at most one digest. Every article that a digest names is in news. A sentence cites at least one
    article, and only articles that its digest read.
    """
    problems = []
    if pc.count_distinct(digests.column("news_id")).as_py() < len(digests):
        problems.append("digests: rows repeat a news_id")
    rows = digests.to_pylist()
    named = pa.array(sorted({news_id for row in rows for news_id in (row["news_id"], *row["news_ids"])}), pa.string())
    unknown = pc.sum(pc.invert(pc.is_in(named, value_set=news_ids.combine_chunks()))).as_py()
    if unknown:
        problems.append(f"digests: {unknown} articles are not in news")
    if wrong := sum(not _is_consistent(row) for row in rows):
        problems.append(
            f"digests: {wrong} rows have fewer than two articles, or a sentence that cites no article or one that is "
            "not in its row's news_ids"
        )
    return problems


def _is_consistent(digest: dict[str, Any]) -> bool:
    news_ids, cited = digest["news_ids"], [sentence["news_ids"] for sentence in digest["sentences"]]
    whole = len(news_ids) > 1 and len(digest["content_hashes"]) == len(news_ids) and digest["news_id"] in news_ids
    return whole and all(ids and set(ids) <= set(news_ids) for ids in cited) and bool(cited)

import shutil

import numpy as np
import pyarrow as pa
import pytest

from broadsheet.newsroom import Edition
from broadsheet.newsroom.manifest import write_manifest
from broadsheet.nightly.verify import check_edition, verify_edition
from broadsheet.tables.arrow_files import from_rows, read_stamp, read_table, write_table
from broadsheet.tables.schemas import CANDIDATES, DIGESTS, NEWS, RANKED, STORIES, USERS, news_vectors, user_vectors
from broadsheet.tables.vectors import vectors_to_arrow, vectors_to_numpy

DIM = 32
SCHEMAS = {
    "news": NEWS,
    "users": USERS,
    "news_vectors": news_vectors(DIM),
    "user_vectors": user_vectors(DIM),
    "candidates": CANDIDATES,
    "ranked": RANKED,
    "stories": STORIES,
    "digests": DIGESTS,
}


@pytest.fixture
def edition(built, tmp_path):
    """A copy of a published edition, to be damaged."""
    return Edition(shutil.copytree(built.current().path, tmp_path / "edition"))


def change(edition, name, how):
    """Rewrite a table of an edition with the same stamps."""
    path, schema = getattr(edition, name), SCHEMAS[name]
    table = how(read_table(path, schema).combine_chunks())
    stamp = {key: value for key, value in read_stamp(path).items() if key not in ("table", "version")}
    write_table(path, table, schema, **stamp)


def put(column, row, value):
    """Return a change of one value."""

    def how(table):
        values = table[column].to_pylist()
        values[row] = value
        return table.set_column(table.column_names.index(column), column, pa.array(values, table[column].type))

    return how


def scale(factor):
    """Return a change of the first vector's length."""

    def how(table):
        vectors = vectors_to_numpy(table).copy()
        vectors[0] *= np.float32(factor)
        return table.set_column(table.column_names.index("vector"), "vector", vectors_to_arrow(vectors))

    return how


def turn(table):
    return table.take(pa.array(range(len(table) - 1, -1, -1)))


def test_a_published_edition_is_sound(built, edition):
    assert verify_edition(built.current()) == [] == verify_edition(edition)


def test_every_file_that_is_not_as_published_is_named_with_both_hashes(edition):
    edition.ranked.unlink()
    with edition.index.open("ab") as file:
        file.write(b"!")
    expected = edition.read_manifest()["files"]
    index, ranked = verify_edition(edition)
    assert index.startswith("index.faiss: SHA-256 is ") and index.endswith(f", expected {expected['index.faiss']}")
    assert ranked == f"ranked.arrow: SHA-256 is missing, expected {expected['ranked.arrow']}"


FILES = [*SCHEMAS, "clicks", "index", "index_rows", "manifest"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0.02, 0.5, 0.98])
def test_a_flipped_bit_in_any_file_is_found_and_the_file_named(edition, name, place):
    path = getattr(edition, name)
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 4
    path.write_bytes(content)
    (problem,) = verify_edition(edition)
    assert path.name in problem.partition(" ")[0]


def test_the_files_above_are_all_that_an_edition_has(edition):
    assert {path.name for path in edition.path.iterdir()} == {getattr(edition, name).name for name in FILES}


def test_counts_and_recall_are_held_to_the_manifest(edition):
    manifest = edition.read_manifest()
    manifest["counts"] = {"news": 61, "users": 3, "expired": 0}
    manifest["gate"]["bounds"]["min_recall"] = 1.01
    write_manifest(edition.manifest, manifest)
    assert verify_edition(edition) == [
        "news: 60 rows, expected 61",
        "users: 4 rows, expected 3",
        "index: recall@100 is 1.000, expected 1.01 or more",
    ]


@pytest.mark.parametrize(
    "name, how, problem",
    [
        ("news_vectors", scale(1.01), "news_vectors: 1 vectors are not of unit length"),
        ("news_vectors", scale(0), "news_vectors: 1 vectors are not of unit length"),
        ("user_vectors", scale(np.nan), "user_vectors: 1 vectors are not of unit length"),
        ("news_vectors", turn, "news_vectors: its news_id column differs from the news_id column of news"),
        ("user_vectors", turn, "user_vectors: its user_id column does not follow the user_id column of users"),
        (
            "user_vectors",
            lambda table: table.slice(0, 0),
            "user_vectors: its user_id column does not follow",
        ),
        ("user_vectors", put("interest", 1, 2), "user_vectors: its interests are not 1, 2, 3 … for each user"),
        ("candidates", put("news_id", 3, "N99"), "candidates: 1 rows name an unknown news_id"),
        ("ranked", put("user_id", 0, "who"), "ranked: 1 rows name an unknown user_id"),
        (
            "ranked",
            put("rank", 0, 2),
            "ranked: expected the rows of each user together, with ranks 1, 2, 3 …; found rows in another order",
        ),
        (
            "stories",
            turn,
            "stories: expected the rows of each user together, with ranks 1, 2, 3 …; found rows in another order",
        ),
        (
            "stories",
            lambda table: table.slice(1),
            "stories: expected the rows of each user together, with ranks 1, 2, 3 …",
        ),
        (
            "candidates",
            lambda table: pa.concat_tables([table, table]),
            "candidates: expected the rows of each user together, with ranks 1, 2, 3 …",
        ),
    ],
)
def test_a_table_that_does_not_agree_with_the_others_is_one_problem(edition, name, how, problem):
    assert check_edition(edition, DIM) == []
    change(edition, name, how)
    assert problem in "\n".join(check_edition(edition, DIM))


def digest(**changes):
    """A row of table digests."""
    sentence = {"text": "The team won.", "part": "happened", "news_ids": ["N2", "N3"]}
    row = {"news_id": "N2", "news_ids": ["N2", "N3"], "content_hashes": ["", ""], "sentences": [sentence]}
    return row | {"made_of": ""} | changes


INCONSISTENT = (
    "digests: 1 rows have fewer than two articles, or a sentence that cites no article or one that is "
    "not in its row's news_ids"
)


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        ([digest()], []),
        ([digest(), digest()], ["digests: rows repeat a news_id"]),
        ([digest(news_ids=["N2", "N3", "N99"], content_hashes=[""] * 3)], ["digests: 1 articles are not in news"]),
        ([digest(news_ids=["N2"], content_hashes=[""])], [INCONSISTENT]),
        ([digest(news_ids=["N2", "N4"])], [INCONSISTENT]),
        ([digest(news_id="N5")], [INCONSISTENT]),
        ([digest(content_hashes=[""])], [INCONSISTENT]),
        ([digest(sentences=[])], [INCONSISTENT]),
        ([digest(sentences=[{"text": "The team won.", "part": "happened", "news_ids": []}])], [INCONSISTENT]),
    ],
)
def test_digests_are_of_known_articles_and_cite_what_they_read(edition, rows, problems):
    change(edition, "digests", lambda table: from_rows(rows, DIGESTS))
    assert check_edition(edition, DIM) == problems


def test_a_vector_is_checked_in_whichever_batch_of_the_file_it_lies(edition):
    def in_two(table):
        return pa.concat_tables([table.slice(0, 50), scale(2)(table.slice(50)).cast(table.schema)])

    change(edition, "news_vectors", in_two)
    assert read_table(edition.news_vectors, news_vectors(DIM))["vector"].num_chunks == 2
    assert check_edition(edition, DIM) == ["news_vectors: 1 vectors are not of unit length"]


def test_all_problems_of_the_tables_come_at_once(edition):
    change(edition, "news_vectors", scale(2))
    change(edition, "ranked", put("rank", 0, 2))
    change(edition, "stories", put("news_id", 0, "N99"))
    assert [problem.split(":")[0] for problem in check_edition(edition, DIM)] == ["news_vectors", "ranked", "stories"]


def test_a_user_of_whom_nothing_is_known_may_have_a_vector_of_zeros(edition):
    assert not vectors_to_numpy(read_table(edition.user_vectors, user_vectors(DIM))).any(axis=1).all()
    assert check_edition(edition, DIM) == []


def test_several_interests_a_user_are_sound_if_each_user_has_all_of_them_together(edition):
    def double(table):
        twice = table.take(pa.array(np.repeat(np.arange(len(table)), 2)))
        interests = pa.array(np.tile([1, 2], len(table)), pa.int32())
        return twice.set_column(twice.column_names.index("interest"), "interest", interests)

    change(edition, "user_vectors", double)
    assert check_edition(edition, DIM) == []
    change(edition, "user_vectors", lambda table: table.slice(1))
    assert check_edition(edition, DIM) == [
        "user_vectors: its user_id column does not follow the user_id column of users"
    ]


def test_a_table_without_rows_is_sound_where_there_are_no_users(edition):
    for name in ("users", "user_vectors", "candidates", "ranked", "stories"):
        change(edition, name, lambda table: table.slice(0, 0))
    assert check_edition(edition, DIM) == []


@pytest.mark.parametrize("name", [*SCHEMAS, "index", "index_rows"])
def test_a_truncated_or_foreign_file_is_the_one_problem_and_is_named(edition, name):
    path = getattr(edition, name)
    content = path.read_bytes()
    for damaged in (content[:-40], b"nothing of ours", b""):
        path.write_bytes(damaged)
        (problem,) = check_edition(edition, DIM)
        assert problem.startswith(f"{path}: ")


def test_an_index_of_other_articles_is_a_problem(edition):
    change(edition, "news", turn)
    change(edition, "news_vectors", turn)
    (problem,) = check_edition(edition, DIM)
    assert "index.faiss" in problem and "in another order" in problem

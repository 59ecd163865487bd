"""Vectors of an edition as arrays of numpy and as Parquet."""

import numpy as np
import pytest
from pyarrow import parquet

from broadsheet.errors import InputError
from broadsheet.operations.export_vectors import export_vectors
from broadsheet.tables.arrow_files import read_stamp, read_table
from broadsheet.tables.schemas import news_vectors, user_vectors


def tables(room):
    edition = room.current()
    dim = int(read_stamp(edition.index_rows)["dim"])
    return read_table(edition.news_vectors, news_vectors(dim)), read_table(edition.user_vectors, user_vectors(dim))


def test_the_arrays_are_the_vectors_and_the_ids_name_their_rows(clicked, tmp_path):
    said = export_vectors(clicked, tmp_path / "vectors")
    articles, readers = tables(clicked)
    found, ids = np.load(tmp_path / "vectors/news_vectors.npy"), (tmp_path / "vectors/news_ids.txt").read_text()
    assert found.dtype == np.float32 and found.tolist() == articles.column("vector").to_pylist()
    assert ids.splitlines() == articles.column("news_id").to_pylist()
    people = list(dict.fromkeys(readers.column("user_id").to_pylist()))
    assert (tmp_path / "vectors/user_ids.txt").read_text().splitlines() == people
    found = np.load(tmp_path / "vectors/user_vectors.npy")
    assert found.shape == (len(people), len(readers) // len(people), articles.schema.field("vector").type.list_size)
    assert found.reshape(len(readers), -1).tolist() == readers.column("vector").to_pylist()
    assert f"vectors of {len(articles)} articles and {len(people)} readers" in said


def test_the_tables_are_the_vectors_too(clicked, tmp_path):
    export_vectors(clicked, tmp_path, kind="parquet")
    articles, readers = tables(clicked)
    found = parquet.read_table(tmp_path / "news_vectors.parquet")
    assert found.to_pylist() == articles.select(["news_id", "vector"]).to_pylist()
    found = parquet.read_table(tmp_path / "user_vectors.parquet")
    assert found.to_pylist() == readers.select(["user_id", "interest", "vector"]).to_pylist()


def test_a_file_in_the_place_of_the_folder_and_another_format_are_refused(clicked, tmp_path):
    (tmp_path / "vectors").write_text("mine")
    with pytest.raises(InputError, match="found a file, expected a folder"):
        export_vectors(clicked, tmp_path / "vectors")
    with pytest.raises(InputError, match="format: found 'csv', expected npy or parquet"):
        export_vectors(clicked, tmp_path / "new", kind="csv")
    assert not (tmp_path / "new").exists()

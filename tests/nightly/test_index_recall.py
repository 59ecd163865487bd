import numpy as np

from broadsheet.nightly.index_recall import READERS, reader_recall
from broadsheet.tables.vectors import as_vectors

VECTORS = as_vectors(np.eye(4, dtype=np.float32))
READER = np.array([[0.8, 0.6, 0.0, 0.0]], np.float32)


def finds(*rows):
    """A search that finds these rows for each reader."""
    return lambda queries, k: (
        np.zeros((len(queries), k), np.float32),
        np.array([[*rows, *[-1] * k][:k]] * len(queries)),
    )


def test_where_there_are_fewer_articles_than_a_hundred_all_of_them_are_wanted():
    assert reader_recall(finds(0, 1, 2, 3), VECTORS, as_vectors(READER)) == 1
    assert reader_recall(finds(0, 1, 2), VECTORS, as_vectors(READER)) == 0.75


def test_readers_of_whom_nothing_is_known_are_not_asked():
    unknown = np.zeros((3, 4), np.float32)
    assert reader_recall(finds(0), VECTORS, as_vectors(unknown)) is None
    assert reader_recall(finds(0), VECTORS, as_vectors(unknown[:0])) is None
    assert reader_recall(finds(0, 1, 2, 3), VECTORS, as_vectors(np.concatenate([unknown, READER]))) == 1


def test_no_more_readers_are_asked_than_a_sample():
    asked = []

    def search(queries, k):
        asked.append(len(queries))
        return finds(0)(queries, k)

    reader_recall(search, VECTORS, as_vectors(np.repeat(READER, 1000, axis=0)))
    assert asked == [READERS]

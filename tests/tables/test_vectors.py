import numpy as np
import pyarrow as pa

from broadsheet.tables.vectors import MappedVectors
from tests.index_build.rooms import random_vectors, vectors_table


def test_vectors_of_several_batches_are_read_as_one_without_a_copy():
    vectors = random_vectors(100, 8)
    mapped = MappedVectors(vectors_table(vectors))
    table = vectors_table(vectors)
    parts = MappedVectors(pa.concat_tables([table.slice(0, 30), table.slice(30, 0), table.slice(30)]))
    rows = np.array([99, 0, 30, 29, 30])
    assert len(parts) == 100 and np.array_equal(parts.take(rows), vectors[rows])
    assert np.array_equal(np.vstack(list(parts)), vectors) and parts.sha256() == mapped.sha256()
    assert not any(block.flags.owndata for block in parts)
    assert np.array_equal(parts.sample(20), mapped.sample(20)) and len(np.unique(parts.sample(20), axis=0)) == 20


def test_one_batch_is_handed_over_whole_as_the_file_holds_it():
    vectors = random_vectors(20, 8)
    one = MappedVectors(vectors_table(vectors))
    assert np.array_equal(one.whole(), vectors) and not one.whole().flags.owndata
    assert np.array_equal(one.take([3, 0]), vectors[[3, 0]])
    parts = MappedVectors(pa.concat_tables([vectors_table(vectors[:5]), vectors_table(vectors[5:])]))
    assert np.array_equal(parts.whole(), vectors) and parts.take([]).shape == (0, 8)

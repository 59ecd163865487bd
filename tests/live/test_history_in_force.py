"""A long read weighs in the history of its reader at the next request, in the night, and where it is replayed alike."""

import numpy as np

from broadsheet.live.live_workbench import request_time
from broadsheet.pipeline import Pipeline
from broadsheet.retrieval import interest_vectors
from tests.live.test_in_force import act


def test_what_was_read_for_long_draws_the_vector_of_its_reader_in_each_process(room):
    with room.config_file.open("a") as file:
        file.write("\n[acts.history]\nlong_read = 9\nshort_read = 0\n")
    here, there = Pipeline.open(room.path), Pipeline.open(room.path)
    here.log([act("click", 1, "N44"), act("click", 2, "N45", minutes=1), act("click", 3, "N46", minutes=2)])

    def vector(pipeline):
        bench = pipeline.bench
        readers = pipeline._readers(bench, ["nobody"], request_time(bench))
        return interest_vectors(bench.retriever.vectors(readers))[0, 0]

    def mean(**weights):
        catalogue = there.bench.data.catalogue
        parts = catalogue.vectors_of(catalogue.rows([*weights])) * np.array([*weights.values()])[:, None]
        return parts.sum(0) / np.linalg.norm(parts.sum(0))

    np.testing.assert_allclose(vector(there), mean(N44=1, N45=1, N46=1), atol=1e-5)
    here.log([act("dwell", 4, "N44", minutes=5, seconds=90), act("dwell", 5, "N46", minutes=5, seconds=1)])
    for pipeline in (here, there, Pipeline.open(room.path)):
        np.testing.assert_allclose(vector(pipeline), mean(N44=9, N45=1), atol=1e-5)

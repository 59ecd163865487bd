"""Processes forked from a process that has imported everything, so that a test that kills pays no imports."""

import multiprocessing
from multiprocessing import forkserver

from broadsheet.evaluation.systems.kills import PRELOAD

FORKS = multiprocessing.get_context("forkserver")


def start_forks():
    """Start the process to fork from, with all that any test needs: a test session has only one."""
    FORKS.set_forkserver_preload(
        [
            "tests.conftest",  # first: it has garbage collected rarely while the others are imported
            *PRELOAD,
            "broadsheet.rerank",
            "broadsheet.retrieval.towers.news_tower",
            "tests.support.warm",
            "transformers.models.auto.modeling_auto",
            "transformers.models.auto.tokenization_auto",
            "transformers.models.gpt2.modeling_gpt2",
        ]
    )
    forkserver.ensure_running()
    return FORKS

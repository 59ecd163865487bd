import pytest
import torch
from transformers import set_seed

from broadsheet.config.training import WriterConfig
from broadsheet.generate import load_writer
from broadsheet.generate.writers.prompt_tokens import NEW_TOKENS
from broadsheet.generate.writers.trained import with_adapters
from broadsheet.generate.writers.training import fit
from broadsheet.generate.writers.training_pairs import Pair, PairBatch

PAIRS = [
    Pair("headline", "The goal of the cup says", text) for text in ("a new goal", "the team wins", "a cup", "the goal")
]
PATIENT = WriterConfig(epochs=9, patience=3, batch_size=2, learning_rate=1e-9)
"""Too little is learned to change the loss: no epoch is better than the first, and the fourth is the last."""
EPOCH = 4
"""Batches read in an epoch: two to learn from, and the same two to measure."""


class Stop(BaseException):
    """Stands for a kill."""


class Breaking:
    """Batches of pairs, as the training reads them, until its call numbered `at`."""

    def __init__(self, batch, at):
        self.batch, self.left = batch, at

    def __call__(self, pairs):
        self.left -= 1
        if not self.left:
            raise Stop
        return self.batch(pairs)


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    from tests.support.tiny import make_writer

    return load_writer(str(make_writer(tmp_path_factory.mktemp("writer"))), torch.device("cpu"))


def train(writer, checkpoints, breaks_at=0):
    """Train fresh adapters; the log's epochs that were measured."""
    set_seed(0)
    writer = load_writer(writer.network.name_or_path, torch.device("cpu"))
    network = with_adapters(writer.network.to(torch.float32), 2)
    batch = Breaking(PairBatch(writer.tokens, NEW_TOKENS), breaks_at)
    log = fit(network, PAIRS, PAIRS, batch, recipe=PATIENT, full=False, seed=0, checkpoints=checkpoints)
    return [row["epoch"] for row in log if "eval_loss" in row]


def test_patience_goes_on_after_a_kill_where_it_was(writer, tmp_path):
    with pytest.raises(Stop):
        train(writer, tmp_path, breaks_at=3 * EPOCH + 1)
    assert train(writer, tmp_path) == [1, 2, 3, 4], "two of the three epochs of patience were over before the kill"


def test_a_training_killed_when_its_patience_was_at_an_end_is_not_trained_further(writer, tmp_path):
    assert train(writer, tmp_path) == [1, 2, 3, 4]
    assert train(writer, tmp_path) == [1, 2, 3, 4]

"""Rankers of other authors, trained and measured on the same vectors and impressions as ours.

The models lie in benchmarks/rankers, which is no part of the package; they are handed in. Each is trained as its paper
says: the softmax of a click and four articles that were shown beside it and not clicked.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from broadsheet.corpus.impressions import Impression
from broadsheet.metrics.labels import number_labels
from broadsheet.progress import Say
from broadsheet.tables.arrays import Floats, Integers
from broadsheet.training.ranking import mean_metrics
from broadsheet.workbench.data import EditionData

NEGATIVES = 4
HISTORY = 30
"""Articles of a history that are read, the newest; with 50 a training takes twice as long."""
BATCH, MEASURED_BATCH = 64, 256
RATE = 1e-3
"""The learning rate of Adam."""
EPOCHS, PATIENCE = 10, 2
"""Most epochs, and how many epochs without a better AUC on the choosing split end a training."""

Ranker = Callable[[Mapping[str, int]], torch.nn.Module]
"""Makes a model from the sizes `dim`, `categories`, `subcategories` and `readers`."""
Batch = dict[str, torch.Tensor]


class RankerData:
    """The articles and readers of a corpus as tensors, and batches of impressions."""

    def __init__(self, data: EditionData, train: Sequence[Impression]) -> None:
        """Take the corpus, and the readers of `train`, each of whom gets a number."""
        labels = {
            name: number_labels(np.array(data.catalogue.news.column(name).to_pylist(), object)) + 1  # 0 is unknown
            for name in ("category", "subcategory")
        }
        self._vectors = torch.from_numpy(data.catalogue.vectors.whole().copy())
        self._labels = {name: torch.from_numpy(numbers) for name, numbers in labels.items()}
        self._readers = {user: number for number, user in enumerate(dict.fromkeys(one.user_id for one in train), 1)}
        self.sizes = {
            "dim": self._vectors.shape[1],
            "categories": int(labels["category"].max(initial=0)) + 1,
            "subcategories": int(labels["subcategory"].max(initial=0)) + 1,
            "readers": len(self._readers) + 1,
        }

    def batch(self, impressions: Sequence[Impression], candidates: Integers) -> Batch:
        """Return the tensors that a model reads; `candidates` are catalogue rows (impressions, candidates).

        A reader without a history has one article of zeros.
        """
        newest = [one.history_rows[-HISTORY:] for one in impressions]
        rows = np.zeros((len(newest), max(1, *map(len, newest))), np.int64)
        lengths = torch.tensor([len(part) for part in newest])
        for place, part in enumerate(newest):
            rows[place, : len(part)] = part
        mask = torch.arange(rows.shape[1]) < lengths.clamp(min=1)[:, None]
        history, shown = torch.from_numpy(rows), torch.from_numpy(candidates)
        labelled = {
            f"{name}_{label}": numbers[rows_of]
            for name, rows_of in (("history", history), ("candidates", shown))
            for label, numbers in self._labels.items()
        }
        return {
            "history": self._vectors[history] * (mask & (lengths > 0)[:, None])[..., None],
            "candidates": self._vectors[shown],
            "mask": mask,
            "reader": torch.tensor([self._readers.get(one.user_id, 0) for one in impressions]),
            **labelled,
        }


def ranker_scores(model: torch.nn.Module, data: RankerData, impressions: Sequence[Impression]) -> Floats:
    """Return the scores of what impressions show, laid end to end (shown,); 0 for readers without a history."""
    found: list[Floats] = [np.zeros(0)] * len(impressions)
    order = sorted(range(len(impressions)), key=lambda place: len(impressions[place].shown))  # little padding
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(order), MEASURED_BATCH):
            places = order[start : start + MEASURED_BATCH]
            ours = [impressions[place] for place in places]
            rows = np.zeros((len(ours), len(ours[-1].shown_rows)), np.int64)
            for line, one in zip(rows, ours, strict=True):
                line[: len(one.shown_rows)] = one.shown_rows
            scores = model(data.batch(ours, rows)).double().numpy()
            for place, one, line in zip(places, ours, scores, strict=True):
                found[place] = line[: len(one.shown_rows)] * bool(one.history_rows)
    return np.concatenate([np.zeros(0), *found])


def train_ranker(
    make: Ranker, data: RankerData, train: Sequence[Impression], tune: Sequence[Impression], seed: int, say: Say
) -> torch.nn.Module:
    """Train a model on the clicks of `train` by readers with a history; return it as of its best epoch on `tune`."""
    torch.manual_seed(seed)
    rng, model = np.random.default_rng(seed), make(data.sizes)
    clicks = [(one, row) for one in train if one.history_rows and one.unclicked_rows for row in one.clicked_rows]
    clicked = np.array([hit for one in tune for hit in one.clicked], np.bool_)
    lengths = [len(one.shown) for one in tune]
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    best, best_auc, best_epoch = copy.deepcopy(model.state_dict()), -1.0, 0
    for epoch in range(1, EPOCHS + 1):
        model.train()
        order = rng.permutation(len(clicks)).tolist()
        for start in range(0, len(order), BATCH):
            drawn = [clicks[place] for place in order[start : start + BATCH]]
            rows = np.array([[row, *_negatives(one.unclicked_rows, rng)] for one, row in drawn], np.int64)
            scores = model(data.batch([one for one, _ in drawn], rows))
            loss = torch.nn.functional.cross_entropy(scores, torch.zeros(len(rows), dtype=torch.long))
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        auc = mean_metrics(ranker_scores(model, data, tune), clicked, lengths)["auc"]
        say(f"{type(model).__name__}, seed {seed}, epoch {epoch}: AUC {auc:.4f} on the choosing split")
        if auc > best_auc:
            best, best_auc, best_epoch = copy.deepcopy(model.state_dict()), auc, epoch
        elif epoch - best_epoch >= PATIENCE:
            break
    model.load_state_dict(best)
    return model


def scores_of_rankers(
    rankers: Mapping[str, Ranker],
    data: EditionData,
    train: Sequence[Impression],
    tune: Sequence[Impression],
    valid: Sequence[Impression],
    seeds: Sequence[int],
    say: Say,
) -> dict[str, list[Floats]]:
    """Return for each ranker the scores of `valid`, laid end to end (shown,), an array for each seed.

    `tune` chooses the epoch. All impressions show both a click and another article.
    """
    tensors = RankerData(data, train)
    return {
        name: [ranker_scores(train_ranker(make, tensors, train, tune, seed, say), tensors, valid) for seed in seeds]
        for name, make in rankers.items()
    }


def _negatives(unclicked: Sequence[int], rng: np.random.Generator) -> list[int]:
    """Return four rows that were not clicked, each at most once if there are four."""
    places = rng.permutation(len(unclicked)) if len(unclicked) >= NEGATIVES else rng.integers(0, len(unclicked), 4)
    return [unclicked[place] for place in places[:NEGATIVES].tolist()]

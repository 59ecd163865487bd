"""How good towers in training are: ranking metrics on the valid split's impressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.impressions import Impression
from broadsheet.training.ranking import mean_metrics

if TYPE_CHECKING:
    import torch

    from broadsheet.retrieval.towers.two_towers import TwoTowers


BATCH = 256


class TowersMeasure:
    """Scores impressions with towers in training; articles are encoded anew each time if the news tower learns."""

    def __init__(
        self,
        impressions: Sequence[Impression],
        *,
        history: int,
        tokenise: Callable[[Sequence[int]], list[dict[str, Any]]] | None,
    ) -> None:
        self._impressions, self._history = impressions, history
        read = [row for one in impressions for row in (*one.shown_rows, *one.history_rows[-history:])]
        self._rows = np.unique(np.array(read, np.int64))
        self._tokens = None if tokenise is None else tokenise(self._rows.tolist())
        self._clicked = np.array([hit for one in impressions for hit in one.clicked], np.bool_)
        self._lengths = [len(one.shown) for one in impressions]

    def __call__(self, model: TwoTowers) -> float:
        """Return the mean nDCG@10."""
        return self.metrics(model)["ndcg@10"]

    def metrics(self, model: TwoTowers) -> dict[str, float]:
        """Return the mean of each ranking metric over the impressions."""
        return mean_metrics(self.scores(model), self._clicked, self._lengths)

    def scores(self, model: TwoTowers) -> npt.NDArray[np.float32]:
        """Return the score of each shown article (shown,), the impressions one after the other."""
        vectors = self._vectors(model)
        tower = model.user_tower.eval()
        parts = []
        for start in range(0, len(self._impressions), BATCH):
            block = self._impressions[start : start + BATCH]
            newest = [np.searchsorted(self._rows, one.history_rows[-self._history :]) for one in block]
            users = tower.encode([vectors[places] for places in newest])  # (users, interests, dim)
            for one, user in zip(block, users, strict=True):
                parts.append((vectors[np.searchsorted(self._rows, one.shown_rows)] @ user.T).max(axis=1))
        return np.concatenate(parts)

    def _vectors(self, model: TwoTowers) -> npt.NDArray[np.float32]:
        """Return unit vectors of the rows (rows, dim)."""
        import torch

        from broadsheet.models.loading import pick_dtype

        device = model.stored.device
        rows = torch.from_numpy(self._rows).to(device)
        batch: dict[str, Any] = {"rows": rows}
        if self._tokens is not None:
            moved = [{name: part.to(device) for name, part in tokens.items()} for tokens in self._tokens]
            batch |= {"encoded": torch.arange(len(rows), device=device), "tokens": moved}
        dtype = pick_dtype(device)
        with (
            torch.inference_mode(),
            torch.autocast(device.type, dtype, enabled=self._tokens is not None and dtype != torch.float32),
        ):
            found: torch.Tensor = model.eval().article_vectors(batch)
        return np.asarray(found.float().cpu().numpy())

"""A trained attentive scorer: from one reader's history and candidates to scores."""

from dataclasses import dataclass

import numpy as np
import torch

from broadsheet.rerank.attentive_scorer.inputs import InputMaker, Request
from broadsheet.rerank.attentive_scorer.model import AttentiveScorer
from broadsheet.tables.arrays import Floats


@dataclass(frozen=True)
class TrainedScorer:
    """A trained network, in evaluation mode; safe to call from several threads."""

    model: AttentiveScorer
    centre: float
    "The logit whose score is 0.5."
    fingerprint: str

    @torch.inference_mode()
    def __call__(self, make: InputMaker, request: Request) -> Floats:
        """Return the score of each candidate (candidates,), 0 to 1, higher is better."""
        logits = self.model(make([request]))[0]
        return np.asarray((logits.double() - self.centre).sigmoid().numpy())

"""A trained attentive scorer: from one reader's history and candidates to scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn.functional import logsigmoid

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
    outcomes: tuple[str, ...] = ()
    "What it foretells beside the click, of OUTCOMES: those that its corpus has."
    weights: Mapping[str, float] = field(default_factory=dict)
    "How much each of OUTCOMES counts in the score beside the click; an outcome that it does not foretell adds nothing."

    @torch.inference_mode()
    def __call__(self, make: InputMaker, request: Request) -> Floats:
        """Return the score of each candidate (candidates,), 0 to 1, higher is better.

        The logit of the score is that of the click, plus the weighted logarithms of the probability of a long read if
        there is a click, and of the probability that the article is not hidden.
        """
        click, more = self.model.all_logits(make([request]))
        logits = click[0].double() - self.centre
        for place, name in enumerate(self.outcomes):
            if weight := self.weights.get(name, 0.0):
                foretold = more[0, :, place].double()
                logits = logits + weight * logsigmoid(-foretold if name == "hide" else foretold)
        return np.asarray(logits.sigmoid().numpy())[: len(request.candidates)]  # without any, the network reads padding

    @torch.inference_mode()
    def probabilities(self, make: InputMaker, request: Request) -> dict[str, Floats]:
        """Return for each outcome beside the click its probability for each candidate, (candidates,).

        That of a long read is its probability if the article is clicked.
        """
        more = self.model.all_logits(make([request]))[1][0, : len(request.candidates)].double().sigmoid().numpy()
        return {name: np.asarray(more[:, place]) for place, name in enumerate(self.outcomes)}

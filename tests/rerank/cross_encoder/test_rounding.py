"""A pair's score does not depend on how many pairs are read beside it."""

from types import SimpleNamespace

import numpy as np
import torch

from broadsheet.models import loading as models
from broadsheet.rerank.cross_encoder.model import CrossEncoder, PairScorer
from tests.rerank.cross_encoder.test_model import WORDS


class Lookup(torch.nn.Module):
    """In place of BERT: states that are looked up, so that the head alone could round."""

    def __init__(self, words):
        super().__init__()
        self.config = SimpleNamespace(hidden_size=384)
        self.words = torch.nn.Embedding(words, 384)

    def forward(self, input_ids, attention_mask, token_type_ids):
        return SimpleNamespace(last_hidden_state=self.words(input_ids))


def test_the_head_gives_a_pair_the_same_score_to_the_bit_beside_any_number_of_others(encoder):
    tokenizer = models.load("AutoTokenizer", str(encoder))
    torch.manual_seed(0)
    model = CrossEncoder(Lookup(len(tokenizer))).eval()
    torch.nn.init.normal_(model.linear.weight)
    score = PairScorer(model, tokenizer, 48, "")
    pairs = [(one, other) for one in WORDS for other in WORDS[:15]]
    together = score(pairs)
    assert np.unique(together).size > len(pairs) / 2
    for size in (1, 3, 17, 100):
        parts = [score(pairs[start : start + size]) for start in range(0, len(pairs), size)]
        assert np.array_equal(np.concatenate(parts), together)

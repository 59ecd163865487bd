"""The news tower: a BERT encoder over title, category and abstract, mean-pooled to a unit vector.

Texts are batched by length.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from broadsheet import models
from broadsheet.batching import length_buckets, pad

Vectors = npt.NDArray[np.float32]
Encoder = Callable[[Sequence[str]], Vectors]
"""Texts to unit vectors (texts, dim)."""


class NewsTower:
    """Encodes texts as unit vectors: mean of the last hidden states over real tokens (Sentence-BERT, section 3)."""

    def __init__(self, model: Any, tokenizer: Any, *, max_tokens: int, fingerprint: str) -> None:  # noqa: ANN401
        self._model, self._tokenizer, self._max_tokens = model, tokenizer, max_tokens
        self._lock = threading.Lock()  # a fast tokenizer keeps its padding settings in shared state
        self.dim = int(model.config.hidden_size)
        self.fingerprint = hashlib.sha256(f"{fingerprint} mean {max_tokens}".encode()).hexdigest()[:16]
        "Names the vectors: those of different fingerprints cannot be compared."

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors (texts, dim), in the order of the texts.

        A vector does not depend on the texts beside it, but for rounding: each element by less than 1e-6 in float32,
        2e-2 in bfloat16.
        """
        vectors = np.zeros((len(texts), self.dim), np.float32)
        if not texts:
            return vectors
        with self._lock:
            tokens = self._tokenizer(list(texts), truncation=True, max_length=self._max_tokens)["input_ids"]
        for rows in length_buckets([len(ids) for ids in tokens]):
            vectors[rows] = self._encode([tokens[row] for row in rows])
        return vectors

    @torch.inference_mode()
    def _encode(self, batch: list[list[int]]) -> Vectors:
        rows = pad([{"input_ids": tokens} for tokens in batch], int(self._tokenizer.pad_token_id or 0))
        inputs = {name: tensor.to(self._model.device) for name, tensor in rows.items()}
        mask = inputs["attention_mask"]
        states = self._model(**inputs).last_hidden_state  # (texts, tokens, dim)
        states = states.float() * mask[..., None]
        pooled = states.sum(1) / mask.sum(1, keepdim=True)
        result: Vectors = torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy()
        return result


def load_news_tower(name: str, *, max_tokens: int) -> NewsTower:
    """Load the news tower from an encoder's name (asset:NAME, folder or hub name).

    Raises ModelError or AssetError if it cannot be loaded, ConfigError if it reads fewer tokens.
    """
    device = models.pick_device()
    resolved = models.resolve(name)
    model = models.load_weights("AutoModel", resolved, dtype=models.pick_dtype(device)).to(device)
    tokenizer = models.load("AutoTokenizer", resolved)
    models.check_length("retrieval.max_tokens", max_tokens, model, tokenizer)
    return NewsTower(model, tokenizer, max_tokens=max_tokens, fingerprint=models.fingerprint(name))

"""The news tower: a BERT encoder over title, category and abstract, pooled to a unit vector as the encoder asks.

On a CPU a plain BERT encodes without padding (models/cpu_bert.py), a stream of batches for each core. Any other
encoder, and any encoder on a GPU, runs in transformers, in padded batches of texts of like length.
"""

import copy
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from broadsheet.config.retrieval import AS_THE_ENCODER_ASKS, Prefixes
from broadsheet.errors import ModelError
from broadsheet.models import loading as models
from broadsheet.models.batching import length_buckets, packed_batches, pad
from broadsheet.models.cpu_bert import BATCH_TOKENS, BertForward, can_forward, first_of_runs, mean_of_runs
from broadsheet.models.sentence_recipe import BY_THE_MEAN, SentenceRecipe, read_recipe
from broadsheet.models.threads import stream
from broadsheet.retrieval.towers.article_text import PLAIN, ArticleText, Facts
from broadsheet.tables.arrays import Vectors
from broadsheet.tables.locks import ThreadLock

Encoder = Callable[[Sequence[str]], Vectors]
"""Texts to unit vectors (texts, dim)."""


class NewsTower:
    """Encodes texts as unit vectors: the mean of the last hidden states over real tokens, or the first token's state.

    The encoder's own files say which (Sentence-BERT, section 3); an encoder that says nothing is pooled by the mean.
    The tower keeps the encoder's weights of now: after further training, make a new tower.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401
        tokenizer: Any,  # noqa: ANN401
        *,
        max_tokens: int,
        fingerprint: str,
        recipe: SentenceRecipe = BY_THE_MEAN,
    ) -> None:
        self.recipe = recipe
        """How a vector is made of the states, and what stands before a text."""
        self._model, self._tokenizer, self._max_tokens = model, tokenizer, max_tokens
        self._forward = BertForward(model) if can_forward(model) else None
        self._threads = torch.get_num_threads()
        self._lock = ThreadLock()  # a fast tokenizer keeps its padding settings in shared state
        self.dim = int(model.config.hidden_size)
        self.text = PLAIN
        """What the tower reads of an article."""
        self.fingerprint = hashlib.sha256(f"{fingerprint} {recipe.name} {max_tokens}".encode()).hexdigest()[:16]
        """Names the vectors: those of different fingerprints cannot be compared.

        It depends on weights, pooling, length and what is read of an article. It does not depend on the dtype, so that
        an edition built on a GPU serves on a CPU: vectors of float32 and bfloat16 differ by rounding, each element by
        less than 2e-2.
        """

    def reading(self, facts: Facts, name: str) -> "NewsTower":
        """Return a copy of this tower that reads `facts` in the abstract's place; `name` changes its fingerprint."""
        tower = copy.copy(self)
        tower.text = ArticleText(facts)
        tower.fingerprint = hashlib.sha256(f"{self.fingerprint} {name}".encode()).hexdigest()[:16]
        return tower

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors (texts, dim) of articles or parts of them, in the order of the texts.

        A plain BERT on a CPU gives a text the same vector to the bit, whatever texts stand beside it and however many
        threads work. Padded batches round: each element by less than 1e-6 in float32, 2e-2 in bfloat16.
        """
        return _centred(self._encode(texts, self.recipe.prefix), self.recipe.centre)

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors (texts, dim) of readers' own words, to be compared with those of articles.

        They differ from those of a call if the encoder wants another prefix before a query than before an article.
        """
        return _centred(self._encode(texts, self.recipe.query_prefix), self.recipe.query_centre)

    def _encode(self, texts: Sequence[str], prefix: str) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        if not texts:
            return vectors
        with self._lock:
            read = [prefix + text for text in texts]
            tokens = self._tokenizer(read, truncation=True, max_length=self._max_tokens)["input_ids"]
        lengths = [len(ids) for ids in tokens]
        if self._forward is None:
            for rows in length_buckets(lengths):
                vectors[rows] = self._encode_padded([tokens[row] for row in rows])
            return vectors
        batches = list(packed_batches(lengths, BATCH_TOKENS))
        found = stream(self._encode_packed, [[tokens[row] for row in rows] for rows in batches], self._threads)
        for rows, part in zip(batches, found, strict=True):
            vectors[rows] = part
        return vectors

    @torch.inference_mode()
    def _encode_packed(self, batch: list[list[int]]) -> Vectors:
        assert self._forward is not None
        pool = first_of_runs if self.recipe.pooling == "cls" else mean_of_runs
        return _normalise(pool(*self._forward(batch)))

    @torch.inference_mode()
    def _encode_padded(self, batch: list[list[int]]) -> Vectors:
        rows = pad([{"input_ids": tokens} for tokens in batch], int(self._tokenizer.pad_token_id or 0))
        inputs = {name: tensor.to(self._model.device) for name, tensor in rows.items()}
        mask = inputs["attention_mask"]
        states = self._model(**inputs).last_hidden_state  # (texts, tokens, dim)
        if self.recipe.pooling == "cls":
            return _normalise(states[:, 0].float())
        states = states.float() * mask[..., None]
        return _normalise(states.sum(1) / mask.sum(1, keepdim=True))


def _normalise(pooled: torch.Tensor) -> Vectors:
    result: Vectors = torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy()
    return result


def _centred(vectors: Vectors, centre: Sequence[float]) -> Vectors:
    """Return unit vectors (texts, dim) less a centre, of unit length again; they themselves if there is no centre."""
    if not centre or not len(vectors):
        return vectors
    moved = vectors - np.asarray(centre, np.float32)
    result: Vectors = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)
    return result


def load_news_tower(
    name: str,
    *,
    max_tokens: int,
    prefixes: Prefixes = AS_THE_ENCODER_ASKS,
    recipe: SentenceRecipe | None = None,
) -> NewsTower:
    """Load the news tower from an encoder's name (asset:NAME, folder or hub name).

    `prefixes` are the settings of what stands before a text. A `recipe` is used in place of the encoder's own.

    Raises ModelError or AssetError if it cannot be loaded, or asks for a pooling that Broadsheet has not;
    ConfigError if it cannot read `max_tokens` tokens.
    """
    device = models.pick_device()
    resolved = models.resolve(name)
    model = models.load_weights("AutoModel", resolved, dtype=models.pick_dtype(device)).to(device)
    tokenizer = models.load("AutoTokenizer", resolved)
    models.check_length("retrieval.max_tokens", max_tokens, model, tokenizer)
    fingerprint = models.fingerprint(name)
    recipe = recipe or read_recipe(resolved).with_prefixes(**vars(prefixes))
    if {len(recipe.centre), len(recipe.query_centre)} - {0, int(model.config.hidden_size)}:
        raise ModelError(f"model {name!r}: its centre has not the length of a vector. Fetch the model again.")
    return NewsTower(model, tokenizer, max_tokens=max_tokens, fingerprint=fingerprint, recipe=recipe)

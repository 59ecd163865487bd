"""The cross-encoder: one BERT reads a reader's headlines and a candidate together, and scores how likely a click is.

The head joins what a pretrained encoder can do at once, compare the two segments, with what only training on clicks
can teach.
A head that was never trained is never used: `load_cross_encoder` needs a trained adapter folder.
"""

import hashlib
import json
import textwrap
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from broadsheet import models
from broadsheet.batching import length_buckets, pad
from broadsheet.bert_forward import can_forward
from broadsheet.errors import ModelError
from broadsheet.rerank.packed_pairs import PackedPairs
from broadsheet.rerank.pair_tokens import Pair, PairTokenizer, PairTokens

Score = Callable[[Sequence[Pair]], npt.NDArray[np.float32]]
"""Pairs of (what the reader read, candidate) to relevance, 0 to 1, higher is better."""

HEAD, ADAPTER = "head.safetensors", "adapter_model.safetensors"
CARD = "card.json"
KEPT_SCORES = 1 << 15
"""Pairs whose scores are kept, some 300 bytes each."""
AGAIN = "Expected a folder that `broadsheet train reranker` wrote: run it again."


class CrossEncoder(nn.Module):
    """BERT over "[CLS] history [SEP] candidate [SEP]" with a scoring head.

    The logit is a learned scale times the cosine of the two segments' mean states, plus a linear layer over their
    product.
    """

    def __init__(self, bert: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.bert = bert
        dim = int(bert.config.hidden_size)
        self.scale = nn.Parameter(torch.tensor(5.0))
        self.offset = nn.Parameter(torch.tensor(-1.5), requires_grad=False)
        self.linear = nn.Linear(dim, 1, bias=False)
        nn.init.zeros_(self.linear.weight)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        """Return logits (pairs,) from token ids, mask and segments (pairs, tokens)."""
        states = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state.float()  # (pairs, tokens, dim)
        history = _segment_mean(states, attention_mask * (1 - token_type_ids))
        candidate = _segment_mean(states, attention_mask * token_type_ids)
        return self.judge(history, candidate)

    def judge(self, history: torch.Tensor, candidate: torch.Tensor) -> torch.Tensor:
        """Return logits (pairs,) from the unit means of both segments' states (pairs, dim)."""
        weight = (self.scale + 10 * self.linear.weight[0]).to(history.dtype)  # (dim,)
        logits: torch.Tensor = (history * candidate * weight).sum(-1) + self.offset
        return logits


def _segment_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    weights = mask.float()[..., None]
    return nn.functional.normalize((states * weights).sum(1) / weights.sum(1).clamp(min=1), dim=-1)


class PairScorer:
    """Scores pairs with a trained cross-encoder; safe to call from several threads.

    The weights are taken as they are now. On a CPU a plain BERT goes without padding; any other encoder, and any
    encoder on a GPU, goes through transformers in batches of like length. The scores of the last pairs are kept, so
    that a reader who asks again waits for new pairs alone.
    """

    def __init__(
        self,
        model: CrossEncoder,
        tokenizer: Any,  # noqa: ANN401
        max_tokens: int,
        fingerprint: str,
        products: torch.dtype | None = None,
    ) -> None:
        """Take a trained model; `products` is the dtype of products without padding, the weights' own if it is None."""
        self.model = model.eval()
        self._tokenize = PairTokenizer(tokenizer, max_tokens)
        self._filler = int(tokenizer.pad_token_id or 0)
        self._packed = PackedPairs(model.bert, model.judge, products) if can_forward(model.bert) else None
        self._kept: dict[Pair, float] = {}
        self.fingerprint = fingerprint
        "Names the scores: of the base model, the adapter and the number of tokens."
        weights = next(model.bert.parameters())
        dtypes = dict.fromkeys([weights.dtype, products or weights.dtype] if self._packed else [weights.dtype])
        self.arithmetic = " ".join([weights.device.type, *(str(dtype).removeprefix("torch.") for dtype in dtypes)])
        """Device, dtype and that of products where it is another, such as "cpu float32 bfloat16".

        Scores of two of them differ by as much as 2e-2.
        """

    def __call__(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float32]:
        """Return relevance (pairs,), 0 to 1, in the order of the pairs.

        A plain BERT on a CPU gives a pair the same score to the bit, whatever pairs stand beside it and however many
        threads work. Padded batches round: each score by less than 1e-5 in float32, 2e-2 in bfloat16.
        """
        kept = self._kept
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in kept]
        found = dict(zip(missing, self._score(missing).tolist(), strict=True))
        scores = np.array([found[pair] if pair in found else kept[pair] for pair in pairs], np.float32)
        if len(kept) + len(found) > KEPT_SCORES:
            self._kept = found  # other threads may still read the former one
        else:
            kept.update(found)
        return scores

    def _score(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float32]:
        rows = self._tokenize(pairs)
        if self._packed is not None:
            return self._packed(rows)
        scores = np.zeros(len(pairs), np.float32)
        for batch in length_buckets([len(row.ids) for row in rows]):
            scores[batch] = self._score_padded([rows[number] for number in batch])
        return scores

    @torch.inference_mode()
    def _score_padded(self, rows: Sequence[PairTokens]) -> npt.NDArray[np.float32]:
        inputs = pad([{"input_ids": row.ids, "token_type_ids": row.segments} for row in rows], self._filler)
        logits = self.model(**{name: tensor.to(self.model.scale.device) for name, tensor in inputs.items()})
        # In float32 the last of a batch may be rounded otherwise than the first.
        result: npt.NDArray[np.float32] = logits.double().sigmoid().float().cpu().numpy()
        return result


def load_cross_encoder(folder: Path, base: str, *, max_tokens: int) -> PairScorer:
    """Load a trained adapter onto its base model.

    Raises ModelError if the folder is not a whole one that training wrote, or was trained on another base model;
    ConfigError if the base model reads fewer tokens.
    """
    card = read_card(folder)
    if card["base_fingerprint"] != models.fingerprint(base):
        raise ModelError(
            f"{folder}: trained on base model {card['base_fingerprint']}, but rerank.encoder = {base!r} is "
            f"{models.fingerprint(base)}. Train it again with `broadsheet train reranker`, or name the base "
            "model that it was trained on."
        )
    device = models.pick_device()
    model = read_weights(folder, load_base(base))
    products = models.pick_dtype(device)
    if not can_forward(model.bert.to(device)):
        model.bert.to(products)
    tokenizer = models.load("AutoTokenizer", models.resolve(base))
    models.check_length("rerank.max_tokens", max_tokens, model.bert, tokenizer)
    name = f"{card['base_fingerprint']} {models.folder_fingerprint(folder)} {max_tokens}"
    fingerprint = hashlib.sha256(name.encode()).hexdigest()[:16]
    return PairScorer(model.to(device), tokenizer, max_tokens, fingerprint, products)


def load_base(name: str, **options: Any) -> Any:  # noqa: ANN401
    """Load the BERT of a cross-encoder in float32; raises ModelError if it cannot tell two segments apart."""
    resolved = models.resolve(name)
    bert = models.load_weights("AutoModel", resolved, add_pooling_layer=False, dtype=torch.float32, **options)
    segments = getattr(bert.config, "type_vocab_size", 0)
    if segments < 2:
        raise ModelError(
            f"rerank.encoder = {name!r}: tells {segments} segments apart, expected 2, history and candidate. "
            "Name a BERT model."
        )
    return bert


def read_weights(folder: Path, bert: Any) -> CrossEncoder:  # noqa: ANN401
    """Merge a trained adapter into its base model and put its head on; raises ModelError unless both are whole."""
    from peft import PeftModel

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a property by its former name
            warnings.filterwarnings("error", "Found missing adapter keys")
            model = CrossEncoder(PeftModel.from_pretrained(bert, str(folder)).merge_and_unload())
        head, adapter = load_file(folder / HEAD), load_file(folder / ADAPTER)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError, UserWarning) as error:
        reason = textwrap.shorten(str(error), 300, placeholder=" …")  # peft names every layer
        raise ModelError(f"{folder}: the adapter cannot be read ({reason}). {AGAIN}") from error
    found = {name: tuple(value.shape) for name, value in head.items()}
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items() if not name.startswith("bert.")}
    if found != expected:
        raise ModelError(f"{folder / HEAD}: holds {found}, expected {expected}. {AGAIN}")
    damaged = [name for name, values in (head | adapter).items() if not values.isfinite().all()]
    if damaged:
        raise ModelError(
            f"{folder}: found weights that are infinite or not a number in {', '.join(damaged)}, expected finite "
            f"ones. {AGAIN}"
        )
    if not head["linear.weight"].any():
        raise ModelError(f"{folder / HEAD}: the head was never trained, all its weights are 0. {AGAIN}")
    model.load_state_dict(head, strict=False)
    return model


def read_card(folder: Path) -> dict[str, Any]:
    """Return what training wrote of itself beside an adapter; raises ModelError for any other folder."""
    files = (CARD, HEAD, ADAPTER, "adapter_config.json")
    missing = [name for name in files if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"{folder}: no {', '.join(missing)}. {AGAIN}")
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / CARD}: not a card that training wrote ({error!r}). {AGAIN}") from error
    if not isinstance(card, dict) or not isinstance(card.get("base_fingerprint"), str):
        found = f"names {', '.join(card) or 'nothing'}" if isinstance(card, dict) else f"is {card!r}"
        raise ModelError(
            f"{folder / CARD}: not a card that training wrote: it {found}, expected a base_fingerprint. {AGAIN}"
        )
    return card


def shipped_adapter() -> Path:
    """Return the folder of the small adapter that comes with the package."""
    return Path(__file__).with_name("adapter")

"""Drafts of a model by transformers' own `generate`, greedy, with our prompts and no other code of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from broadsheet.models.loading import load, load_weights, pick_device, resolve

if TYPE_CHECKING:
    import torch


class PlainWriter:
    """A T5-like or GPT-like model (asset:NAME, a folder, or a hub name), its prompts padded as they are given."""

    def __init__(self, name: str, dtype: torch.dtype | None = None) -> None:
        """Without a `dtype` the model has the one that transformers loads by default."""
        where = resolve(name)
        encoder = load("AutoConfig", where).is_encoder_decoder
        kind = "AutoModelForSeq2SeqLM" if encoder else "AutoModelForCausalLM"
        options = {} if dtype is None else {"dtype": dtype}
        self._network = load_weights(kind, where, **options).to(pick_device())
        self._tokenizer = load("AutoTokenizer", where, padding_side="right" if encoder else "left")
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self.method = "t5" if encoder else "gpt"
        self.dtype = str(self._network.dtype).removeprefix("torch.")

    def __call__(
        self, prompts: Sequence[str], *, most_tokens: int, batch_size: int = 8, lookup: int | None = None
    ) -> list[str]:
        """Return a draft of each prompt, in their order.

        With `lookup`, in batches of one, `lookup` tokens at a time are guessed from the prompt (prompt lookup).
        """
        starts = range(0, len(prompts), batch_size)
        batches = [prompts[start : start + batch_size] for start in starts]
        return [draft for batch in batches for draft in self._draft(batch, most_tokens, lookup)]

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Return the number of tokens of all texts together."""
        return sum(map(len, self._tokenizer(list(texts), add_special_tokens=False).input_ids)) if texts else 0

    def _draft(self, prompts: Sequence[str], most_tokens: int, lookup: int | None) -> list[str]:
        import torch

        inputs = self._encode(prompts)
        with torch.inference_mode():
            written = self._network.generate(
                **inputs,
                max_new_tokens=most_tokens,
                do_sample=False,
                pad_token_id=self._tokenizer.pad_token_id,
                prompt_lookup_num_tokens=lookup,
            )
        start = inputs["input_ids"].shape[1] if self.method == "gpt" else 0
        drafts: list[str] = self._tokenizer.batch_decode(written[:, start:], skip_special_tokens=True)
        return drafts

    def _encode(self, prompts: Sequence[str]) -> dict[str, Any]:
        """Return tokens and mask (prompts, tokens), in the chat template where the model has one."""
        chats = bool(getattr(self._tokenizer, "chat_template", None))
        texts = [self._in_chat(prompt) for prompt in prompts] if chats else list(prompts)
        found = self._tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=not chats)
        return {name: found[name].to(self._network.device) for name in ("input_ids", "attention_mask")}

    def _in_chat(self, prompt: str) -> str:
        message = [{"role": "user", "content": prompt}]
        text: str = self._tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
        return text

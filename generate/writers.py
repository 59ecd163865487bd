"""The language models that draft texts: GPT-like and T5-like, behind one callable."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from broadsheet.generate.likelihood import log_likelihoods
from broadsheet.generate.positions import position_ids
from broadsheet.generate.prompt_tokens import BATCH_SIZE, NEW_TOKENS, PromptTokens
from broadsheet.generate.sampling import Manner, Restraint, seed_of
from broadsheet.generate.shortening import Shortenings

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Writer(Protocol):
    """Drafts `count` texts for each prompt, of so many tokens at most, in the order of the prompts."""

    def __call__(
        self,
        prompts: Sequence[str],
        *,
        job: str = "",
        count: int = 1,
        most_tokens: int = 56,
        sentences: Sequence[Sequence[str]] | None = None,
    ) -> Sequence[Sequence[str]]:
        """Return the drafts of each prompt, the likeliest first; none where none could be had."""
        ...


_LEAST_TOKENS = 4
"So that a draft isn't ended before it began."


def load_writer(
    name: str, device: "torch.device | None" = None, *, tuned: Path | None = None, seed: int = 0
) -> "LoadedWriter":
    """Load a T5-like or GPT-like model (asset:NAME, a folder, or a hub name), onto `device` or the best there is.

    `tuned` is a folder of what `broadsheet train writer` made of it. With another `seed` it draws other drafts. Raises
    ModelError if it cannot be found or loaded, has no safetensors weights, or `tuned` is not of it.
    """
    from broadsheet.models import fingerprint, folder_fingerprint, load, load_weights, pick_device, pick_dtype, resolve

    where, device = resolve(name), device or pick_device()
    config = load("AutoConfig", where)
    kind = "AutoModelForSeq2SeqLM" if config.is_encoder_decoder else "AutoModelForCausalLM"
    network, model, known = load_weights(kind, where, dtype=pick_dtype(device)).to(device), fingerprint(where), None
    if tuned is not None:
        from broadsheet.generate.tuned import load_tuned

        learned, jobs = load_tuned(tuned, network, name, kind)
        model = hashlib.sha256(f"{model} {folder_fingerprint(tuned)}".encode()).hexdigest()[:16]
        known = dict.fromkeys(jobs, learned.to(device))
    return LoadedWriter(network, load("AutoTokenizer", where), model, tuned=known, seed=seed)


class LoadedWriter:
    """A model that drafts texts: the same prompts in the same order give the same drafts.

    In bf16 a draft can depend on the drafts it shares a batch with, by rounding. Safe to call from several threads;
    they take turns.
    """

    def __init__(
        self,
        network: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        model: str,
        *,
        tuned: "Mapping[str, PreTrainedModel] | None" = None,
        seed: int = 0,
    ) -> None:
        """Take a network, and for jobs (headline, summary) that were learned what drafts them instead."""
        self.method: str = "t5" if network.config.is_encoder_decoder else "gpt"
        self.model: str = model
        self._seed = seed
        self.network, self.tokens = network, PromptTokens(tokenizer, network.config)
        self._tuned, self._lock = dict(tuned or {}), Lock()
        self.spent_tokens: int = 0
        "Tokens that it has read in prompts and written in drafts."

    def __call__(
        self,
        prompts: Sequence[str],
        *,
        job: str = "",
        count: int = 1,
        most_tokens: int = NEW_TOKENS,
        sentences: Sequence[Sequence[str]] | None = None,
    ) -> list[list[str]]:
        """Draft `count` texts of at most `most_tokens` tokens, one line each, for each prompt, in their order.

        The first of a prompt takes the likeliest token each time, the others are drawn at random, by a seed of prompt
        and writer. With `sentences`, one more for each of a prompt's is the likeliest that is it with words left out.
        What looks like a special token in a prompt is read as plain text. A prompt beyond the model's length loses its
        middle.
        """
        network, found = self._tuned.get(job, self.network), sentences or [()] * len(prompts)
        with self._lock:
            encoded = [self.tokens.prompt(prompt) for prompt in prompts]
            manners = [
                [*self._draws(prompt, count), *self._shortenings(of_one)]
                for prompt, of_one in zip(prompts, found, strict=True)
            ]
            order = sorted(range(len(prompts)), key=lambda place: len(encoded[place]))
            drafts: list[list[str]] = [[] for _ in prompts]
            for start in range(0, len(order), BATCH_SIZE):
                batch = order[start : start + BATCH_SIZE]
                read = self._read(network, [encoded[place] for place in batch])
                owners = [(row, manner) for row, place in enumerate(batch) for manner in manners[place]]
                for (row, _), draft in zip(owners, self._draft(read, owners, most_tokens), strict=True):
                    drafts[batch[row]].append(draft)
            return drafts

    def _draws(self, prompt: str, count: int) -> list[Manner]:
        return [seed_of(prompt, number, self._seed) for number in range(count)]

    def _shortenings(self, sentences: Sequence[str]) -> list[Manner]:
        return [Shortenings([sentence], self.tokens.text, self.tokens.ends) for sentence in sentences]

    def _read(self, network: "PreTrainedModel", prompts: Sequence[Sequence[int]]) -> "_Prompts":
        """Read up to BATCH_SIZE prompts, once for all that is drafted of them."""
        import torch

        ids, mask = (part.to(network.device) for part in self.tokens.pad_rows(prompts))
        self.spent_tokens += sum(map(len, prompts))
        with torch.inference_mode():
            if not self.tokens.joined:
                return _Prompts(network, ids, mask, network.get_encoder()(input_ids=ids, attention_mask=mask))
            before = mask[:, :-1]
            state = network(
                input_ids=ids[:, :-1],
                attention_mask=before,
                use_cache=True,
                logits_to_keep=1,
                **position_ids(network, before),
            ).past_key_values
            return _Prompts(network, ids, mask, state)

    def _draft(self, read: "_Prompts", rows: Sequence[tuple[int, Manner]], most_tokens: int) -> list[str]:
        """Draft each row, a place among the prompts and a manner."""
        import torch

        if not rows:
            return []
        filled = [rows[place % len(rows)] for place in range(-(-len(rows) // BATCH_SIZE) * BATCH_SIZE)]
        owners = torch.tensor([owner for owner, _ in filled], device=read.ids.device)
        restraint = Restraint(
            read.ids[owners],
            [manner for _, manner in filled],
            ends=self.tokens.ends,
            size=self.network.config.vocab_size,
            start=read.start,
        )
        with torch.inference_mode():
            written = read.network.generate(
                **read.selected(owners),
                min_new_tokens=_LEAST_TOKENS,
                max_new_tokens=min(most_tokens, NEW_TOKENS),
                do_sample=False,
                num_beams=1,
                eos_token_id=self.tokens.ends,
                pad_token_id=self.tokens.pad,
                logits_processor=[restraint],
            )
        drafts = written[: len(rows), read.start :]
        self.spent_tokens += int((drafts != self.tokens.pad).sum())
        return [text.strip() for text in self.tokens.tokenizer.batch_decode(drafts, skip_special_tokens=True)]

    def log_likelihoods(self, texts: Sequence[str], prompts: Sequence[str]) -> list[float]:
        """Return the mean natural logarithm of the probability of each text's tokens: how fluent it is.

        A GPT-like model reads the text alone; a T5-like one, which writes nothing without one, has the prompt of the
        text before it. NaN for an empty text.
        """
        with self._lock:
            return log_likelihoods(self.network, self.tokens, texts, prompts)


@dataclass(frozen=True)
class _Prompts:
    """Prompts that were read: tokens and mask (prompts, tokens), and what the network keeps of them."""

    network: "PreTrainedModel"
    ids: "torch.Tensor"
    mask: "torch.Tensor"
    state: Any
    "Of a GPT-like model its cache, of a T5-like one the encoder's output."

    @property
    def start(self) -> int:
        """Where in what is generated a draft begins."""
        return 1 if self.network.config.is_encoder_decoder else self.ids.shape[1]

    def selected(self, owners: "torch.Tensor") -> dict[str, Any]:
        """Return what `generate` goes on from for each owner, a place among the prompts; to be called once."""
        mask = self.mask[owners]
        if self.network.config.is_encoder_decoder:
            self.state.last_hidden_state = self.state.last_hidden_state[owners]
            return {"encoder_outputs": self.state, "attention_mask": mask}
        self.state.batch_select_indices(owners)
        return {"input_ids": self.ids[owners], "attention_mask": mask, "past_key_values": self.state}

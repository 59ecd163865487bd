"""The language models that draft texts: GPT-like and T5-like, behind one callable."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from broadsheet.generate.writers.decoding import decode
from broadsheet.generate.writers.likelihood import log_likelihoods
from broadsheet.generate.writers.prefill import read_prompts
from broadsheet.generate.writers.prompt_tokens import NEW_TOKENS, PromptTokens
from broadsheet.generate.writers.sampling import Manner, seed_of
from broadsheet.generate.writers.shortening import Shortenings
from broadsheet.generate.writers.writer import IsRefused
from broadsheet.tables.locks import ThreadLock

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_ROWS = 48
"Drafts that are written side by side: on a CPU more drafts at a time take no less time for each."


def load_writer(
    name: str,
    device: "torch.device | None" = None,
    *,
    tuned: Path | None = None,
    seed: int = 0,
    drafts: int = 1,
    budget: int = 0,
) -> "LoadedWriter":
    """Load a T5-like or GPT-like model (asset:NAME, a folder, or a hub name), onto `device` or the best there is.

    `tuned` is a folder that `broadsheet train writer` wrote for this model. Another `seed` gives other random drafts.
    `drafts` and `budget` are those of `Writer`. Raises ModelError if the model cannot be found or loaded, has
    no safetensors weights, or if `tuned` was trained on another model.
    """
    from broadsheet.models.loading import (
        fingerprint,
        folder_fingerprint,
        load,
        load_weights,
        pick_device,
        pick_dtype,
        resolve,
    )

    where, device = resolve(name), device or pick_device()
    config = load("AutoConfig", where)
    kind = "AutoModelForSeq2SeqLM" if config.is_encoder_decoder else "AutoModelForCausalLM"
    network, model, learned = load_weights(kind, where, dtype=pick_dtype(device)).to(device), fingerprint(where), None
    if tuned is not None:
        from broadsheet.generate.writers.trained import load_tuned

        trained, jobs = load_tuned(tuned, network, name, kind)
        model = hashlib.sha256(f"{model} {folder_fingerprint(tuned)}".encode()).hexdigest()[:16]
        learned = dict.fromkeys(jobs, trained.to(device))
    writer = LoadedWriter(network, load("AutoTokenizer", where), model, tuned=learned, seed=seed)
    writer.drafts, writer.budget = drafts, budget
    return writer


class LoadedWriter:
    """A model that drafts texts: the same prompts in the same order give the same drafts.

    In bfloat16 rounding can make a draft depend on the other drafts of its batch. Safe to call from several threads,
    which take turns. The properties are described at `Writer`.
    """

    runs_here = True

    def __init__(
        self,
        network: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        model: str,
        *,
        tuned: "Mapping[str, PreTrainedModel] | None" = None,
        seed: int = 0,
    ) -> None:
        """Take a network; `tuned` has, for each job that was learned (headline, summary), the network to use for it."""
        self.method: str = "t5" if network.config.is_encoder_decoder else "gpt"
        self.model: str = model
        self._seed = seed
        self.network, self.tokens = network, PromptTokens(tokenizer, network.config)
        self._tuned, self._lock = dict(tuned or {}), ThreadLock()
        self.drafts: int = 1
        self.budget: int = 0
        self.spent_tokens: int = 0

    def __call__(
        self,
        prompts: Sequence[str],
        *,
        job: str = "",
        count: int = 1,
        most_tokens: int = NEW_TOKENS,
        sentences: Sequence[Sequence[str]] | None = None,
        is_refused: IsRefused | None = None,
    ) -> list[list[str]]:
        """Draft `count` texts of at most `most_tokens` tokens, one line each, for each prompt, in their order.

        A prompt's first draft takes the most likely token each time. The other drafts are random, by a seed of prompt
        and writer. For each of a prompt's `sentences` there is one more draft: the sentence, with the words left out
        so that the rest is likely. What looks like a special token in a prompt is read as plain text. A prompt too long
        for the model loses its middle. A draft is not written to its end if `is_refused` is true of its beginning.
        """
        network, of_prompts = self._tuned.get(job, self.network), sentences or [()] * len(prompts)
        with self._lock:
            encoded = [self.tokens.prompt(prompt) for prompt in prompts]
            manners = [
                [*self._draws(prompt, count), *self._shortenings(of_prompt)]
                for prompt, of_prompt in zip(prompts, of_prompts, strict=True)
            ]
            drafts: list[list[str]] = [[] for _ in prompts]
            for batch in _batches(encoded, manners):
                rows = [(row, manner) for row, place in enumerate(batch) for manner in manners[place]]
                refused = partial(_of_batch, batch, is_refused) if is_refused else None
                made = self._draft(network, [encoded[place] for place in batch], rows, most_tokens, refused)
                for (row, _), draft in zip(rows, made, strict=True):
                    drafts[batch[row]].append(draft)
            return drafts

    def _draft(
        self,
        network: "PreTrainedModel",
        prompts: Sequence[Sequence[int]],
        rows: Sequence[tuple[int, Manner]],
        most_tokens: int,
        is_refused: IsRefused | None,
    ) -> list[str]:
        """Draft each row: the place of its prompt, and its manner."""

        def is_done(row: int, draft: Sequence[int]) -> bool:
            return is_refused is not None and is_refused(rows[row][0], self._text(draft))

        read = read_prompts(network, self.tokens, prompts)
        made = decode(read, self.tokens, rows, min(most_tokens, NEW_TOKENS), is_done)
        self.spent_tokens += sum(map(len, [*prompts, *made]))
        return [self._text(draft) for draft in made]

    def _text(self, draft: Sequence[int]) -> str:
        text: str = self.tokens.tokenizer.decode(draft, skip_special_tokens=True)
        return text.strip()

    def _draws(self, prompt: str, count: int) -> list[Manner]:
        return [seed_of(prompt, number, self._seed) for number in range(count)]

    def _shortenings(self, sentences: Sequence[str]) -> list[Manner]:
        return [Shortenings([sentence], self.tokens.text, self.tokens.ends) for sentence in sentences]

    def within(self, seconds: float) -> None:
        """Return None: no reader waits for a model that computes here, for as long as the page is long."""

    def warn(self) -> None:
        """Do nothing: a model on this machine has no failures to report."""

    def log_likelihoods(self, texts: Sequence[str], prompts: Sequence[str]) -> list[float]:
        """Return the mean natural logarithm of the probability of each text's tokens: how fluent it is.

        A GPT-like model reads the text alone; a T5-like model writes nothing without a prompt, and reads the text's
        prompt too. NaN for an empty text.
        """
        with self._lock:
            return log_likelihoods(self.network, self.tokens, texts, prompts)


def _of_batch(batch: Sequence[int], is_refused: IsRefused, row: int, text: str) -> bool:
    return is_refused(batch[row], text)


def _batches(prompts: Sequence[Sequence[int]], manners: Sequence[Sequence[Manner]]) -> Iterator[list[int]]:
    """Yield the places of prompts of like length that share a batch, until it has _ROWS drafts or a little more."""
    batch, rows = list[int](), 0
    for place in sorted(range(len(prompts)), key=lambda place: len(prompts[place])):
        batch.append(place)
        rows += len(manners[place])
        if rows >= _ROWS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch

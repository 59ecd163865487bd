"""The language models that draft texts: GPT-like and T5-like, behind one callable."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from broadsheet.errors import ModelError
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
    from transformers import PreTrainedModel

_ROWS = 48
"Drafts that are written side by side: on a CPU more drafts at a time take no less time for each."


def open_local(
    name: str,
    device: "torch.device | None" = None,
    *,
    tuned: Path | None = None,
    seed: int = 0,
    drafts: int = 1,
    budget: int = 0,
    naming: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> "LocalWriter":
    """Return a T5-like or GPT-like model (asset:NAME, a folder, or a hub name), which is loaded at its first draft.

    A request needs only the fingerprint of the model's files, and should not wait for a network of hundreds of
    megabytes. `tuned` is a folder that `broadsheet train writer` wrote for this model. Another `seed` gives other
    random drafts. `drafts` and `budget` are those of `Writer`. The model is loaded within `naming()`, which may say in
    an error where the name was found. Raises ModelError if the model's folder or its settings cannot be read, or if
    `tuned` is not a trained writer of this model.
    """
    from broadsheet.models.loading import load, resolve

    kind = "AutoModelForSeq2SeqLM" if load("AutoConfig", resolve(name)).is_encoder_decoder else "AutoModelForCausalLM"
    model = _fingerprint(name, tuned)

    def loaded() -> Loaded:
        with naming():
            return _load(name, kind, device, tuned, model)

    writer = LocalWriter(loaded, "t5" if "Seq2Seq" in kind else "gpt", model, seed)
    writer.drafts, writer.budget = drafts, budget
    return writer


def load_writer(
    name: str, device: "torch.device | None" = None, *, tuned: Path | None = None, seed: int = 0, drafts: int = 1
) -> "LocalWriter":
    """Return the writer of `open_local`, loaded, on `device` or on the best device there is.

    Raises ModelError if the model cannot be found or loaded, has no safetensors weights, or if `tuned` was trained on
    another model.
    """
    writer = open_local(name, device, tuned=tuned, seed=seed, drafts=drafts)
    _ = writer.loaded
    return writer


class Loaded(NamedTuple):
    """A model in memory."""

    network: "PreTrainedModel"
    tokens: PromptTokens
    tuned: Mapping[str, "PreTrainedModel"]
    "For each job that was learned (headline, summary), the network to use for it."


def _fingerprint(name: str, tuned: Path | None) -> str:
    """Return 16 hex digits over the files of a model and of its trained writer."""
    from broadsheet.models.loading import fingerprint, folder_fingerprint

    model = fingerprint(name)
    if tuned is None:
        return model
    from broadsheet.generate.writers.trained import read_card

    read_card(tuned, name)
    return hashlib.sha256(f"{model} {folder_fingerprint(tuned)}".encode()).hexdigest()[:16]


def _load(name: str, kind: str, device: "torch.device | None", tuned: Path | None, model: str) -> Loaded:
    """Load the model whose fingerprint was `model` when it was opened."""
    from broadsheet.models.loading import load, load_weights, pick_device, pick_dtype, resolve

    where, device, learned = resolve(name), device or pick_device(), dict[str, "PreTrainedModel"]()
    network = load_weights(kind, where, dtype=pick_dtype(device)).to(device)
    if tuned is not None:
        from broadsheet.generate.writers.trained import load_tuned

        trained, jobs = load_tuned(tuned, network, name, kind)
        learned = dict.fromkeys(jobs, trained.to(device))
    tokens = PromptTokens(load("AutoTokenizer", where), network.config)
    if _fingerprint(name, tuned) != model:  # texts would be stored as those of the files that are gone
        raise ModelError(
            f"model {name!r}: its files were changed after it was opened, and before its first draft. Start again: "
            "build again, or open the newsroom again."
        )
    return Loaded(network, tokens, learned)


class LocalWriter:
    """A model that drafts texts: the same prompts in the same order give the same drafts.

    In bfloat16 rounding can make a draft depend on the other drafts of its batch. Safe to call from several threads,
    which take turns. The properties are described at `Writer`.
    """

    runs_here = True

    def __init__(self, load: Callable[[], Loaded], method: str, model: str, seed: int = 0) -> None:
        """Take the function that loads the model when the first draft is asked for."""
        self.method: str = method
        self.model: str = model
        self._load, self._seed = load, seed
        self._lock, self._loading = ThreadLock(), ThreadLock()
        self._loaded: Loaded | None = None
        self.drafts: int = 1
        self.budget: int = 0
        self.spent_tokens: int = 0

    @property
    def loaded(self) -> Loaded:
        """The model, loaded at the first use; raises ModelError if a file of it is missing, damaged or changed."""
        # Not a cached_property: its lock in Python 3.11 stays locked in a process that was forked during the loading.
        with self._loading:
            self._loaded = self._loaded or self._load()
            return self._loaded

    @property
    def network(self) -> "PreTrainedModel":
        """The base model's network."""
        return self.loaded.network

    @property
    def tokens(self) -> PromptTokens:
        """What makes tokens of prompts."""
        return self.loaded.tokens

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
        of_prompts = sentences or [()] * len(prompts)
        with self._lock:
            network = self.loaded.tuned.get(job, self.network)
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

"""The language models that draft texts: GPT-like and T5-like, behind one callable."""

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from broadsheet.errors import ModelError
from broadsheet.generate.sampling import Restraint, seed_of

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Writer(Protocol):
    """Drafts `count` texts for each prompt, of so many tokens at most, in the order of the prompts."""

    def __call__(self, prompts: Sequence[str], *, count: int = 1, most_tokens: int = 56) -> Sequence[Sequence[str]]:
        """Return the drafts of each prompt, the likeliest first; none where none could be had."""
        ...


BATCH_SIZE = 8
LENGTHS = (128, 192, 256, 384, 512)
"Prompts are padded to one of these token counts: on a CPU each new shape costs a plan of its own."
NEW_TOKENS = 72
"Most tokens that a draft may have."

_LEAST_TOKENS = 4
"So that a draft isn't ended before it began."

_TAIL = 32
"Tokens kept of the end of a prompt that is too long: the instruction; the middle is cut out."
_MARK = "\ue000"
_SCORED = 32
"Texts whose likelihood is read at a time."
_ROUNDED = 16
"Their lengths are rounded up to a multiple of it."


def load_writer(name: str, device: "torch.device | None" = None, *, seed: int = 0) -> "LoadedWriter":
    """Load a T5-like or GPT-like model (asset:NAME, a folder, or a hub name), onto `device` or the best there is.

    With another `seed` it draws other drafts. Raises ModelError if it cannot be found or loaded, or has no safetensors
    weights.
    """
    from broadsheet.models import fingerprint, load, load_weights, pick_device, pick_dtype, resolve

    where, device = resolve(name), device or pick_device()
    config = load("AutoConfig", where)
    kind = "AutoModelForSeq2SeqLM" if config.is_encoder_decoder else "AutoModelForCausalLM"
    network = load_weights(kind, where, dtype=pick_dtype(device))
    return LoadedWriter(network.to(device), load("AutoTokenizer", where), fingerprint(where), seed=seed)


class LoadedWriter:
    """A model that drafts texts: the same prompts in the same order give the same drafts.

    In bf16 a draft can depend on the drafts it shares a batch with, by rounding. Safe to call from several threads;
    they take turns.
    """

    def __init__(
        self, network: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", model: str, *, seed: int = 0
    ) -> None:
        self.method: str = "t5" if network.config.is_encoder_decoder else "gpt"
        self.model: str = model
        self._seed = seed
        self._network, self._tokenizer, self._lock = network, tokenizer, Lock()
        self._ends = self._end_tokens()
        self._pad: int = self._ends[0] if tokenizer.pad_token_id is None else tokenizer.pad_token_id
        self._before, self._after = self._frame()
        self._lengths = self._usable_lengths()

    def __call__(self, prompts: Sequence[str], *, count: int = 1, most_tokens: int = NEW_TOKENS) -> list[list[str]]:
        """Draft `count` texts of at most `most_tokens` tokens, one line each, for each prompt, in their order.

        The first of a prompt is the likeliest, the others are drawn at random, by a seed of prompt and writer. What
        looks like a special token in a prompt is read as plain text. A prompt beyond the model's length loses its
        middle.
        """
        with self._lock:
            encoded = [self._encode(prompt) for prompt in prompts]
            asked = [(place, number) for place in range(len(prompts)) for number in range(count)]
            asked.sort(key=lambda one: len(encoded[one[0]]))
            drafts = [[""] * count for _ in prompts]
            for start in range(0, len(asked), BATCH_SIZE):
                batch = asked[start : start + BATCH_SIZE]
                seeds = [seed_of(prompts[place], number, self._seed) for place, number in batch]
                written = self._draft([encoded[place] for place, _ in batch], seeds, min(most_tokens, NEW_TOKENS))
                for (place, number), draft in zip(batch, written, strict=True):
                    drafts[place][number] = draft
            return drafts

    def _end_tokens(self) -> list[int]:
        """Return what ends a draft: the model's own end, and for GPT-like models, which run on, a line break too."""
        end = self._tokenizer.eos_token_id
        if end is None:
            raise ModelError(
                "writer: its tokenizer has no end-of-sequence token. Add eos_token to tokenizer_config.json."
            )
        line = self._tokens("\n") if self.method == "gpt" else []
        return [end, *line] if len(line) == 1 and "\n" in self._tokenizer.decode(line) else [end]

    def _frame(self) -> tuple[list[int], list[int]]:
        """Return the tokens that go before and after the text of a prompt: the chat template's, or the special ones."""
        if getattr(self._tokenizer, "chat_template", None):
            message = [{"role": "user", "content": _MARK}]
            text = self._tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
            before, after = text.split(_MARK)
            return self._tokens(before), self._tokens(after)
        special = self._tokenizer("").input_ids
        ended = special[-1:] == [self._tokenizer.eos_token_id] and self.method == "t5"
        return (special[:-1], special[-1:]) if ended else (special, [])

    def _tokens(self, text: str, *, plain: bool = False) -> list[int]:
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False, split_special_tokens=plain).input_ids
        return tokens

    def _usable_lengths(self) -> tuple[int, ...]:
        config = self._network.config
        room = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or LENGTHS[-1]
        room -= NEW_TOKENS if self.method == "gpt" else 0
        return tuple(length for length in LENGTHS if length <= room) or (room,)

    def _encode(self, prompt: str) -> list[int]:
        tokens = self._tokens(prompt, plain=True)
        room = self._lengths[-1] - len(self._before) - len(self._after)
        if len(tokens) > room:
            tokens = tokens[: room - _TAIL] + tokens[-_TAIL:]
        return [*self._before, *tokens, *self._after]

    def _draft(self, rows: Sequence[Sequence[int]], seeds: Sequence[int | None], most_tokens: int) -> list[str]:
        import torch

        ids, mask = self._pad_rows(rows)
        start = self._draft_start(ids)
        restraint = Restraint(ids, seeds, ends=self._ends, size=self._network.config.vocab_size, start=start)
        with torch.inference_mode():
            written = self._network.generate(
                input_ids=ids,
                attention_mask=mask,
                min_new_tokens=_LEAST_TOKENS,
                max_new_tokens=most_tokens,
                do_sample=False,
                num_beams=1,
                eos_token_id=self._ends,
                pad_token_id=self._pad,
                logits_processor=[restraint],
            )
        drafts = written[: len(rows), start:]
        return [text.strip() for text in self._tokenizer.batch_decode(drafts, skip_special_tokens=True)]

    def _pad_rows(self, rows: Sequence[Sequence[int]], count: int = BATCH_SIZE) -> "tuple[torch.Tensor, torch.Tensor]":
        """Return tokens and mask, both (count, one of LENGTHS), with rows repeated to fill it."""
        import torch

        length = next(length for length in self._lengths if length >= max(len(row) for row in rows))
        ids, mask = torch.full((count, length), self._pad), torch.zeros(count, length, dtype=torch.int64)
        for place in range(count):
            row = torch.tensor(rows[place % len(rows)])
            span = slice(length - len(row), length) if self.method == "gpt" else slice(0, len(row))
            ids[place, span], mask[place, span] = row, 1
        return ids.to(self._network.device), mask.to(self._network.device)

    def _draft_start(self, prompts: "torch.Tensor") -> int:
        return prompts.shape[1] if self.method == "gpt" else 1

    def log_likelihoods(self, texts: Sequence[str], prompts: Sequence[str]) -> list[float]:
        """Return the mean natural logarithm of the probability of each text's tokens: how fluent it is.

        A GPT-like model reads the text alone; a T5-like one, which writes nothing without one, has the prompt of the
        text before it. NaN for an empty text.
        """
        with self._lock:
            sources = [self._encode(prompt) for prompt in prompts] if self.method == "t5" else None
            rows = [self._tokens(text, plain=True)[:NEW_TOKENS] for text in texts]
            order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
            found = [float("nan")] * len(rows)
            for start in range(0, len(order), _SCORED):
                places = [place for place in order[start : start + _SCORED] if rows[place]]
                asked = None if sources is None else [sources[place] for place in places]
                scored = self._score([rows[place] for place in places], asked) if places else []
                for place, value in zip(places, scored, strict=True):
                    found[place] = value
            return found

    def _score(self, rows: Sequence[Sequence[int]], sources: Sequence[Sequence[int]] | None) -> list[float]:
        import torch

        first = self._first_token()
        length = -(-max(map(len, rows)) // _ROUNDED) * _ROUNDED
        labels = torch.full((len(rows), length), -1)
        for place, row in enumerate(rows):
            labels[place, : len(row)] = torch.tensor(row)
        known, device = labels >= 0, self._network.device
        inputs = torch.cat([torch.full((len(rows), 1), first), labels[:, :-1].clamp(min=0)], 1).to(device)
        with torch.inference_mode():
            if sources is None:
                logits = self._network(input_ids=inputs, attention_mask=_shifted(known).to(device)).logits
            else:
                ids, mask = self._pad_rows(sources, len(sources))
                logits = self._network(input_ids=ids, attention_mask=mask, decoder_input_ids=inputs).logits
        logits = logits.float()  # (texts, tokens, vocabulary): by far the largest, so it is read and not copied
        taken = logits.gather(2, labels.clamp(min=0).to(device)[..., None])[..., 0]
        chances = (taken - logits.logsumexp(-1)).cpu()
        found: list[float] = ((chances * known).sum(1) / known.sum(1)).tolist()
        return found

    def _first_token(self) -> int:
        """Return what stands before a text's first token: the decoder's start, else the model's beginning or end."""
        config, tokenizer = self._network.config, self._tokenizer
        options = (getattr(config, "decoder_start_token_id", None), tokenizer.bos_token_id, self._ends[0])
        return next(int(token) for token in options if token is not None)


def _shifted(known: "torch.Tensor") -> "torch.Tensor":
    """Return the mask of the inputs, which stand one place behind the tokens that they foretell."""
    import torch

    return torch.cat([torch.ones(len(known), 1, dtype=torch.int64), known[:, :-1].long()], 1)

"""The language models that draft texts: GPT-like and T5-like, behind one callable.

A draft may use any token, but those that are not in its own prompt are held back by `_HELD_BACK`: a small model invents
less when it speaks in its article's words. What it repeats of itself is held back too; a repetition penalty over the
prompt, as is usual, would do the opposite and drive it away from the article.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

from broadsheet.errors import ModelError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Writer = Callable[[Sequence[str]], Sequence[str | None]]
"Drafts one text for each prompt, in the order of the prompts; None where none could be had."

BATCH_SIZE = 8
LENGTHS = (128, 192, 256, 384, 512)
"Prompts are padded to one of these token counts: on a CPU each new shape costs a plan of its own."
NEW_TOKENS = 56

_LEAST_TOKENS = 4
"So that a draft isn't ended before it began."

_HELD_BACK = 5.0
"Logits taken from tokens that the prompt does not have."
_REPEATED = 0.5
"Logits taken from tokens that the draft has."
_TAIL = 32
"Tokens kept of the end of a prompt that is too long: the instruction; the middle is cut out."
_MARK = "\ue000"


def load_writer(name: str, device: "torch.device | None" = None) -> "LoadedWriter":
    """Load a T5-like or GPT-like model (asset:NAME, a folder, or a hub name), onto `device` or the best there is.

    Raises ModelError if it cannot be found or loaded, or has no safetensors weights.
    """
    from broadsheet.models import fingerprint, load, load_weights, pick_device, pick_dtype, resolve

    where, device = resolve(name), device or pick_device()
    config = load("AutoConfig", where)
    kind = "AutoModelForSeq2SeqLM" if config.is_encoder_decoder else "AutoModelForCausalLM"
    network = load_weights(kind, where, dtype=pick_dtype(device))
    return LoadedWriter(network.to(device), load("AutoTokenizer", where), fingerprint(where))


class LoadedWriter:
    """A model that drafts texts, greedily: the same prompts in the same order give the same drafts.

    In bf16 a draft can depend on the prompts it shares a batch with, by rounding. Safe to call from several threads;
    they take turns.
    """

    def __init__(self, network: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", model: str) -> None:
        self.method: str = "t5" if network.config.is_encoder_decoder else "gpt"
        self.model: str = model
        self._network, self._tokenizer, self._lock = network, tokenizer, Lock()
        self._ends = self._end_tokens()
        self._pad: int = self._ends[0] if tokenizer.pad_token_id is None else tokenizer.pad_token_id
        self._before, self._after = self._frame()
        self._lengths = self._usable_lengths()

    def __call__(self, prompts: Sequence[str]) -> list[str]:
        """Draft one text of at most NEW_TOKENS tokens and one line for each prompt, in the order of the prompts.

        What looks like a special token in a prompt is read as plain text. A prompt beyond the model's length loses its
        middle.
        """
        with self._lock:
            encoded = [self._encode(prompt) for prompt in prompts]
            order = sorted(range(len(encoded)), key=lambda place: len(encoded[place]))
            drafts = [""] * len(encoded)
            for start in range(0, len(order), BATCH_SIZE):
                places = order[start : start + BATCH_SIZE]
                for place, draft in zip(places, self._draft([encoded[place] for place in places]), strict=True):
                    drafts[place] = draft
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

    def _draft(self, rows: Sequence[Sequence[int]]) -> list[str]:
        import torch

        ids, mask = self._pad_rows(rows)
        with torch.inference_mode():
            written = self._network.generate(
                input_ids=ids,
                attention_mask=mask,
                min_new_tokens=_LEAST_TOKENS,
                max_new_tokens=NEW_TOKENS,
                do_sample=False,
                num_beams=1,
                eos_token_id=self._ends,
                pad_token_id=self._pad,
                logits_processor=[self._restraint(ids)],
            )
        drafts = written[: len(rows), self._draft_start(ids) :]
        return [text.strip() for text in self._tokenizer.batch_decode(drafts, skip_special_tokens=True)]

    def _pad_rows(self, rows: Sequence[Sequence[int]]) -> "tuple[torch.Tensor, torch.Tensor]":
        """Return tokens and mask, both (BATCH_SIZE, one of LENGTHS), with rows repeated to fill it."""
        import torch

        length = next(length for length in self._lengths if length >= max(len(row) for row in rows))
        ids, mask = torch.full((BATCH_SIZE, length), self._pad), torch.zeros(BATCH_SIZE, length, dtype=torch.int64)
        for place in range(BATCH_SIZE):
            row = torch.tensor(rows[place % len(rows)])
            span = slice(length - len(row), length) if self.method == "gpt" else slice(0, len(row))
            ids[place, span], mask[place, span] = row, 1
        return ids.to(self._network.device), mask.to(self._network.device)

    def _draft_start(self, prompts: "torch.Tensor") -> int:
        return prompts.shape[1] if self.method == "gpt" else 1

    def _restraint(self, prompts: "torch.Tensor") -> "Callable[[torch.Tensor, torch.Tensor], torch.Tensor]":
        """Hold back tokens that are not in a row's prompt, and those that its draft has already."""
        import torch

        size = self._network.config.vocab_size
        bias = torch.full((len(prompts), size), -_HELD_BACK, dtype=torch.float32, device=prompts.device).scatter_(
            1, prompts, 0.0
        )
        bias[:, self._ends] = 0.0
        start = self._draft_start(prompts)

        def restrain(written: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            draft = written[:, start:]
            held = scores.float() + bias
            return held.scatter(1, draft, held.gather(1, draft) - _REPEATED)

        return restrain

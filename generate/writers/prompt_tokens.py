"""How prompts and texts become a model's tokens: in its chat template, within its length, padded to a few shapes."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from broadsheet.errors import ModelError
from broadsheet.text import one_line, shortened

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase


LENGTHS = (64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512)
"Prompts are padded to one of these numbers of tokens: on a CPU each new shape takes time to plan."
NEW_TOKENS = 72
"Most tokens that a draft may have."

_TAIL = 32
"Tokens kept at the end of a prompt that is too long, which are its instruction; the middle is cut out."
_MARK = "\ue000"
_TEMPLATE_SECONDS = 10.0
"Most seconds that a chat template may take; a template takes a few milliseconds."


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block's Python code once it has run for `seconds`."""
    ends, before = time.monotonic() + seconds, sys.gettrace()

    def check(*_: object) -> Any:  # noqa: ANN401
        if time.monotonic() > ends:
            raise TimeoutError(f"it did not end within {seconds:g} seconds")
        return check

    sys.settrace(check)  # of this thread alone
    try:
        yield
    finally:
        sys.settrace(before)


class PromptTokens:
    """Turns prompts and texts into the tokens of one model, GPT-like or T5-like."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", config: Any) -> None:  # noqa: ANN401
        """Take a model's tokenizer and config; raises ModelError if it has no end token, or too few positions."""
        self.tokenizer = tokenizer
        self.joined: bool = not config.is_encoder_decoder
        "Whether prompt and text are one row, padded on the left, as GPT-like models read them."
        self.ends = self._end_tokens()
        "The tokens that end a draft, the model's own end token first."
        self.pad: int = self.ends[0] if tokenizer.pad_token_id is None else tokenizer.pad_token_id
        self.before, self._after = self._frame()
        "The tokens before each prompt: the chat template's, or special tokens."
        self._lengths = self._usable_lengths(config)

    def _end_tokens(self) -> list[int]:
        """Return the tokens that end a draft: the end token, and a line break for GPT-like models, which run on."""
        end = self.tokenizer.eos_token_id
        if end is None:
            raise ModelError(
                "writer: its tokenizer has no end-of-sequence token. Add eos_token to tokenizer_config.json."
            )
        line = self.text("\n", plain=False) if self.joined else []
        return [end, *line] if len(line) == 1 and "\n" in self.tokenizer.decode(line) else [end]

    def _frame(self) -> tuple[list[int], list[int]]:
        """Return the tokens before and after the text of a prompt: the chat template's, or special tokens."""
        if getattr(self.tokenizer, "chat_template", None):
            before, after = self._templated()
            return self.text(before, plain=False), self.text(after, plain=False)
        special = self.tokenizer("").input_ids
        ended = special[-1:] == [self.tokenizer.eos_token_id] and not self.joined
        return (special[:-1], special[-1:]) if ended else (special, [])

    def _templated(self) -> tuple[str, str]:
        """Return what the model's chat template writes before and after a prompt; raises ModelError if it fails."""
        message = [{"role": "user", "content": _MARK}]
        try:
            with _ended_after(_TEMPLATE_SECONDS):
                text = self.tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
            before, after = str(text).split(_MARK)
        except Exception as error:  # a template is a small program, and may raise anything
            found = shortened(one_line(str(error)), 200)
            raise ModelError(
                f"writer: its chat template cannot be used ({found}). Expected a template "
                "that holds the prompt once. Mend or remove chat_template in the model's folder."
            ) from error
        return before, after

    def _usable_lengths(self, config: Any) -> tuple[int, ...]:  # noqa: ANN401
        room = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or LENGTHS[-1]
        room -= NEW_TOKENS if self.joined else 0
        least = 2 * _TAIL + len(self.before) + len(self._after)
        if room < least:
            raise ModelError(
                f"writer: found a model with room for a prompt of {room} tokens, expected {least} or more. "
                "Name a model with more positions."
            )
        return tuple(length for length in LENGTHS if length <= room) or (room,)

    def text(self, text: str, *, plain: bool = True) -> list[int]:
        """Return the tokens of a text; with `plain`, what looks like a special token in it is read as text."""
        found: list[int] = self.tokenizer(text, add_special_tokens=False, split_special_tokens=plain).input_ids
        return found

    def prompt(self, prompt: str) -> list[int]:
        """Return the tokens of a prompt as the model reads it; a prompt that is too long for it loses its middle."""
        tokens = self.text(prompt)
        room = self._lengths[-1] - len(self.before) - len(self._after)
        if len(tokens) > room:
            tokens = tokens[: room - _TAIL] + tokens[-_TAIL:]
        return [*self.before, *tokens, *self._after]

    def pad_rows(self, rows: Sequence[Sequence[int]]) -> "tuple[torch.Tensor, torch.Tensor]":
        """Return tokens and mask, both (rows, one of LENGTHS)."""
        import torch

        length = next(length for length in self._lengths if length >= max(len(row) for row in rows))
        ids, mask = torch.full((len(rows), length), self.pad), torch.zeros(len(rows), length, dtype=torch.int64)
        for place, row in enumerate(rows):
            span = slice(length - len(row), length) if self.joined else slice(0, len(row))
            ids[place, span], mask[place, span] = torch.tensor(row), 1
        return ids, mask

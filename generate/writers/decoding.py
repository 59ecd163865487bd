"""Drafts written a few tokens at a time: after each few, drafts that have ended or are refused are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from broadsheet.generate.writers.likelihood import first_token
from broadsheet.generate.writers.prefill import Prompts
from broadsheet.generate.writers.prompt_tokens import PromptTokens
from broadsheet.generate.writers.sampling import Manner, Restraint

LEG = 8
"Tokens that all rows write before the rows that have ended are left out."


def decode(
    read: Prompts,
    tokens: PromptTokens,
    rows: Sequence[tuple[int, Manner]],
    most: int,
    is_refused: Callable[[int, list[int]], bool] | None = None,
) -> list[list[int]]:
    """Return the tokens of a draft, `most` at most, for each row: the place of its prompt in `read`, and a manner.

    A draft ends after an end token, or once `is_refused(row, tokens so far)` is true. `read` is used up: its cache
    grows with the drafts.
    """
    drafting, live = _Drafting(read, tokens, rows), list(range(len(rows)))
    found: list[list[int]] = [[] for _ in rows]
    for start in range(0, most, LEG):
        for row, draft in zip(live, drafting.go_on(min(LEG, most - start)), strict=True):
            found[row] = draft
        going = [
            place
            for place, row in enumerate(live)
            if found[row][-1] not in tokens.ends and not (is_refused and is_refused(row, found[row]))
        ]
        if not going:
            break
        if len(going) < len(live):
            drafting.keep(going)
            live = [live[place] for place in going]
    return found


class _Drafting:
    """The drafts that still go on, and what the network keeps of them."""

    def __init__(self, read: Prompts, tokens: PromptTokens, rows: Sequence[tuple[int, Manner]]) -> None:
        import torch

        from broadsheet.generate.writers.growing_cache import give_room

        self._network, self._ends, self._pad = read.network, tokens.ends, tokens.pad
        self._is_joined = tokens.joined
        of_row = torch.tensor([owner for owner, _ in rows], device=read.ids.device)
        prompts = read.ids[of_row]
        self._mask, self._encoded, self._cache = read.mask[of_row], read.encoded, read.cache
        if self._is_joined:
            self._written = prompts
            self._cache.batch_select_indices(of_row)
            give_room(self._cache)
        else:
            self._written = prompts.new_full((len(rows), 1), first_token(read.network, tokens))
            self._encoded.last_hidden_state = self._encoded.last_hidden_state[of_row]
        self._start = self._written.shape[1]
        self._restraint = Restraint(
            prompts.where(self._mask.bool(), self._ends[0]),  # padding is not part of a prompt
            [manner for _, manner in rows],
            ends=tokens.ends,
            size=read.network.config.vocab_size,
            start=self._start,
        )

    def go_on(self, most: int) -> list[list[int]]:
        """Write up to `most` more tokens of each row; return the whole draft of each row so far, up to its end."""
        import torch

        with torch.inference_mode():
            made = self._network.generate(
                **self._inputs(),
                max_new_tokens=most,
                do_sample=False,
                num_beams=1,
                eos_token_id=self._ends,
                pad_token_id=self._pad,
                logits_processor=[self._restraint],
                return_dict_in_generate=True,
            )
        if self._is_joined:
            # The mask must cover prompt and draft: (rows, tokens) grows by the tokens just written.
            more = made.sequences.shape[1] - self._written.shape[1]
            self._mask = torch.cat([self._mask, self._mask.new_ones(len(self._mask), more)], 1)
        self._written, self._cache = made.sequences, made.past_key_values
        return [self._until_end(row) for row in self._written[:, self._start :].tolist()]

    def _inputs(self) -> dict[str, Any]:
        import torch

        kept = {"attention_mask": self._mask, "past_key_values": self._cache}
        if self._is_joined:
            return {"input_ids": self._written, **kept}
        written = {"decoder_input_ids": self._written, "decoder_attention_mask": torch.ones_like(self._written)}
        return {**written, "encoder_outputs": self._encoded, **kept}

    def _until_end(self, draft: list[int]) -> list[int]:
        end = next((place for place, token in enumerate(draft) if token in self._ends), len(draft))
        return draft[: end + 1]

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows only, which are given by their places among the rows of now."""
        import torch

        kept = torch.tensor(rows, device=self._written.device)
        self._written, self._mask = self._written[kept], self._mask[kept]
        self._restraint.keep(rows)
        self._cache.batch_select_indices(kept)
        if not self._is_joined:
            self._encoded.last_hidden_state = self._encoded.last_hidden_state[kept]

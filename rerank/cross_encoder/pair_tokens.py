"""The tokens of a pair: a reader's headlines and a candidate, each text tokenised only once.

The same few headlines of a reader stand beside a hundred candidates, and the same candidates stand beside the headlines
of other readers.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from broadsheet.tables.locks import ThreadLock

Pair = tuple[str, str]
"""Headlines of the reader's history, joined by HEADLINE_MARK, and the candidate's text."""

HEADLINE_MARK = " ; "
KEPT_TEXTS = 1 << 15
"""Texts whose tokens are kept, some hundred bytes each."""


class PairTokens(NamedTuple):
    """One pair as the cross-encoder reads it."""

    ids: list[int]
    segments: list[int]
    "For each token: 0 in the history and its special tokens, then 1 in the candidate and its special token."


class PairTokenizer:
    """Tokenises pairs, each of at most `max_tokens`, special tokens included; safe to call from several threads."""

    def __init__(self, tokenizer: Any, max_tokens: int) -> None:  # noqa: ANN401
        self._tokenizer, self._max_tokens = tokenizer, max_tokens
        self._splits = splits_at_spaces(tokenizer)
        self._kept: dict[str, list[int]] = {}
        self._lock = ThreadLock()  # a fast tokenizer keeps its truncation settings in shared state

    def __call__(self, pairs: Sequence[Pair]) -> list[PairTokens]:
        """Return the tokens of each pair, the same as `encode_pairs` makes."""
        histories = [history.split(HEADLINE_MARK) if self._splits else [history] for history, _ in pairs]
        texts = {text for parts in histories for text in parts} | {candidate for _, candidate in pairs}
        with self._lock:
            ids = self._ids_of({*texts, HEADLINE_MARK})
        special = self._tokenizer.cls_token_id, self._tokenizer.sep_token_id
        return [
            lay_out(_join(parts, ids), ids[candidate], self._max_tokens, special)
            for parts, (_, candidate) in zip(histories, pairs, strict=True)
        ]

    def _ids_of(self, texts: set[str]) -> dict[str, list[int]]:
        """Return the tokens of texts, at most `max_tokens` each; a new text is tokenised, and its tokens are kept."""
        if missing := sorted(texts - self._kept.keys()):
            found = self._tokenizer(missing, add_special_tokens=False, truncation=True, max_length=self._max_tokens)
            if len(self._kept) + len(missing) > KEPT_TEXTS:
                self._kept = {text: self._kept[text] for text in texts & self._kept.keys()}
            self._kept |= zip(missing, found["input_ids"], strict=True)
        return {text: self._kept[text] for text in texts}


def _join(parts: Sequence[str], ids: dict[str, list[int]]) -> list[int]:
    joined = list(ids[parts[0]])
    for part in parts[1:]:
        joined += ids[HEADLINE_MARK]
        joined += ids[part]
    return joined


def splits_at_spaces(tokenizer: Any) -> bool:  # noqa: ANN401
    """Return whether a text's tokens are the tokens of its words in turn, as in BERT's tokenizer.

    If so, the tokens of two headlines that are joined are the tokens of both headlines in turn.
    """
    core = getattr(tokenizer, "backend_tokenizer", None)
    return type(getattr(core, "pre_tokenizer", None)).__name__ == "BertPreTokenizer"


def lay_out(history: list[int], candidate: list[int], max_tokens: int, special: tuple[int, int]) -> PairTokens:
    """Return "[CLS] history [SEP] candidate [SEP]", cut to `max_tokens`; `special` are the numbers of [CLS] and [SEP].

    The history keeps its beginning, up to two thirds of the tokens. The candidate gets the rest, at least a third.
    """
    first, between = special
    history, candidate = history[: max_tokens * 2 // 3], candidate[: max_tokens - 3]
    candidate = candidate[: max(max_tokens - 3 - len(history), max_tokens // 3)]
    history = history[: max_tokens - 3 - len(candidate)]
    segments = [0] * (len(history) + 2) + [1] * (len(candidate) + 1)
    return PairTokens([first, *history, between, *candidate, between], segments)


def encode_pairs(
    tokenizer: Any,  # noqa: ANN401
    pairs: Sequence[Pair],
    max_tokens: int,
) -> list[dict[str, list[int]]]:
    """Tokenise pairs, each of at most `max_tokens`, special tokens included, as the columns that BERT reads."""
    histories, candidates = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    options = {"add_special_tokens": False, "truncation": True, "max_length": max_tokens}
    history_ids, candidate_ids = (tokenizer(texts, **options)["input_ids"] for texts in (histories, candidates))
    special = tokenizer.cls_token_id, tokenizer.sep_token_id
    rows = [lay_out(*parts, max_tokens, special) for parts in zip(history_ids, candidate_ids, strict=True)]
    return [{"input_ids": row.ids, "token_type_ids": row.segments} for row in rows]

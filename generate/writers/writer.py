"""What every writer offers: drafts for prompts, and how likely a text is to it."""

from collections.abc import Callable, Sequence
from typing import Protocol

IsRefused = Callable[[int, str], bool]
"""The place of a prompt and the beginning of a draft: whether no more of it is wanted."""


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
        is_refused: IsRefused | None = None,
    ) -> Sequence[Sequence[str]]:
        """Return the drafts of each prompt, the likeliest first; none where none could be had."""
        ...

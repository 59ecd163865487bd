"""What every writer offers: drafts for prompts, its name in the tables, its costs and its number of drafts.

A new kind of writer is a class with the members of `Writer`, and a branch in `open_writer` that makes it from the
settings. No other module asks which kind a writer is.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

IsRefused = Callable[[int, str], bool]
"""The place of a prompt and the beginning of a draft for it, to True if the draft need not go on."""
LogLikelihoods = Callable[[Sequence[str], Sequence[str]], Sequence[float]]
"""Texts and the prompt of each text, to the mean natural logarithm of the probability of each text's tokens."""


class Write(Protocol):
    """Drafts texts for prompts; `StoryWriter` calls it."""

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
        """Return the drafts of each prompt, in the order of the prompts, the most likely draft first.

        `job` is headline or summary. A prompt gets at most `count` drafts of at most `most_tokens` tokens, and for each
        of its `sentences` a further draft, which is that sentence shortened. A draft ends once
        `is_refused(place of its prompt, text so far)` is true. If no draft can be made for a prompt, its list is empty.
        """
        ...


class Writer(Write, Protocol):
    """A writer that the settings name, ready to draft."""

    @property
    def method(self) -> str:
        """The name of its texts in tables and on pages: gpt, t5, endpoint or own."""
        ...

    @property
    def model(self) -> str:
        """A fingerprint of the model; a text whose row has another fingerprint is written again."""
        ...

    @property
    def drafts(self) -> int:
        """The number of drafts of a headline that it should be asked for."""
        ...

    @property
    def budget(self) -> int:
        """Most tokens that a build may spend; 0 for no limit."""
        ...

    @property
    def spent_tokens(self) -> int:
        """Tokens read in prompts and written in drafts so far, by this process."""
        ...

    @property
    def runs_here(self) -> bool:
        """Whether drafting uses this machine's processors; if so, several machines draft faster than one machine."""
        ...

    @property
    def log_likelihoods(self) -> LogLikelihoods | None:
        """Returns how likely texts are to the model; None if the model cannot say."""
        ...

    def within(self, seconds: float) -> Write | None:
        """Return this writer for one page that a reader waits for, or None if no reader may wait for it.

        A writer that waits for another machine answers all calls within `seconds` from now. A prompt whose draft did
        not come in time gets an empty list. A writer whose time nobody can bound is None: a model on this machine, for
        example, drafts a page of sixty stories in a minute or more.
        """
        ...

    def warn(self) -> None:
        """Log how many drafts failed since the last warning, and why; log nothing if no draft failed."""
        ...

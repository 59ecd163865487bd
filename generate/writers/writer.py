"""What every writer offers: drafts for prompts, its name in the tables, what it costs and how many drafts it makes.

A new kind of writer is a class with what `Writer` lists, and a branch in `open_writer` that makes it from the settings.
Nothing else asks which kind a writer is.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

IsRefused = Callable[[int, str], bool]
"""The place of a prompt and the beginning of its draft, to whether the rest of the draft is unwanted."""
LogLikelihoods = Callable[[Sequence[str], Sequence[str]], Sequence[float]]
"""Texts and the prompt of each, to the mean natural logarithm of the probability of each text's tokens."""


class Write(Protocol):
    """Drafts texts: what `StoryWriter` calls."""

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

        `job` is headline or summary. At most `count` drafts of at most `most_tokens` tokens are asked for, and one more
        for each of a prompt's `sentences`: that sentence, shortened. A draft is left off where `is_refused` says so. A
        prompt that no draft could be had for gets an empty list.
        """
        ...


class Writer(Write, Protocol):
    """A writer that the settings name, ready to draft."""

    @property
    def method(self) -> str:
        """What the tables and pages call its texts: gpt, t5 or endpoint."""
        ...

    @property
    def model(self) -> str:
        """A fingerprint: texts of another one are written again."""
        ...

    @property
    def drafts(self) -> int:
        """How many drafts of a headline are worth asking for."""
        ...

    @property
    def budget(self) -> int:
        """Most tokens that a build may spend; 0 for any number."""
        ...

    @property
    def spent_tokens(self) -> int:
        """Tokens read in prompts and written in drafts so far, by this process."""
        ...

    @property
    def runs_here(self) -> bool:
        """Whether drafting takes this machine's processors, so that several machines draft faster than one."""
        ...

    @property
    def log_likelihoods(self) -> LogLikelihoods | None:
        """How likely texts are to the model; None if the model cannot say."""
        ...

    def within(self, seconds: float) -> Write:
        """Return this writer for one page that a reader waits for.

        A writer that waits for others answers all calls within these seconds from now, with empty lists for the drafts
        that did not come in time.
        """
        ...

    def warn(self) -> None:
        """Log what could not be drafted since the last warning, and why; nothing if all could."""
        ...

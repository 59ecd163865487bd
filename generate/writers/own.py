"""A writer of the site's own: a plain function from prompts to texts, called by nightly builds and by no page."""

import hashlib
from collections.abc import Sequence

from broadsheet.generate.writers.writer import IsRefused
from broadsheet.own_parts import WriteTexts, part_title
from broadsheet.own_parts.returns import call_part, checked_texts


class OwnWriter:
    """Drafts texts with a function of the site's own, which gets the prompts of many articles in one call."""

    method = "own"
    drafts = 1
    budget = 0
    spent_tokens = 0
    runs_here = False
    "False, as we cannot know whether the function computes here; so only one process of a build calls it."
    log_likelihoods = None

    def __init__(self, write: WriteTexts, described: str) -> None:
        """Take the function, and a text that describes it and its code; if it changes, all texts are written again."""
        self._write, self._title = write, part_title("writer", "", write)
        self.model: str = hashlib.sha256(described.encode()).hexdigest()[:16]

    def __call__(
        self,
        prompts: Sequence[str],
        *,
        job: str = "",
        count: int = 1,
        most_tokens: int = 0,
        sentences: Sequence[Sequence[str]] | None = None,
        is_refused: IsRefused | None = None,
    ) -> list[list[str]]:
        """Return a list of one draft for each prompt, in the order of the prompts; empty if the function returned None.

        Raises OwnPartError if the function fails, or returns anything but a text or None for each prompt.
        """
        del count, most_tokens, sentences, is_refused
        if not prompts:
            return []
        texts = checked_texts(self._title, call_part(self._title, self._write, list(prompts), job), len(prompts))
        return [[text] if text else [] for text in texts]

    def within(self, seconds: float) -> None:
        """Return None: no reader waits for the function, which could take any time."""

    def warn(self) -> None:
        """Do nothing: a function that fails raises an error at once."""

"""A writer of the site's own: a plain function from prompts to texts, held by the fact gate like any other writer."""

import hashlib
from collections.abc import Sequence

from broadsheet.generate.writers.writer import IsRefused, Write
from broadsheet.own_parts import WriteTexts, part_title
from broadsheet.own_parts.returns import call_part, checked_texts


class OwnWriter:
    """Drafts texts by a function of the site's own, which gets the prompts of many articles in one call."""

    method = "own"
    drafts = 1
    budget = 0
    spent_tokens = 0
    runs_here = False
    "Whether the function computes here is not known; one process of a build calls it."
    log_likelihoods = None

    def __init__(self, write: WriteTexts, described: str) -> None:
        """Take the function, and what describes it and its code: texts of another function are written again."""
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
        """Draft one text for each prompt, in their order; an empty list where the function has none.

        Raises OwnPartError if the function fails or returns anything but a text, or None, for each prompt.
        """
        del count, most_tokens, sentences, is_refused
        if not prompts:
            return []
        texts = checked_texts(self._title, call_part(self._title, self._write, list(prompts), job), len(prompts))
        return [[text] if text else [] for text in texts]

    def within(self, seconds: float) -> Write:
        """Return this writer: the function itself has to answer in time for a reader who waits."""
        del seconds
        return self

    def warn(self) -> None:
        """Do nothing: a function that fails raises."""

"""What the drafts of an edition have bought so far: for how many articles a draft was written, and kept."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from broadsheet.errors import ContractError
from broadsheet.generate.stories.missing_drafts import answered
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import STORIES

NOT_DRAFTED = ("original", "extract")
"""Methods of texts that no model drafted."""
TRIAL = 16
"""Articles that are drafted before what they bought is judged."""


class Bought:
    """Counts the articles that the writer `model` drafted texts for, and the articles of which it kept a text.

    It reads the parts in `folder`, which this process, other processes and a killed build have written. So a
    build that goes on where it was killed judges as if it had not been killed. `least` is the least share of articles
    that must have kept a text; 0 for no bound.
    """

    def __init__(self, folder: Path, *, model: str = "", least: float = 0.0) -> None:
        self._folder, self._model, self._least = folder, model, least
        self._seen: set[Path] = set()
        self._kept_of: dict[str, bool] = {}
        self.look()

    def __str__(self) -> str:
        return f"{self.kept} of {self.drafted}"

    def look(self) -> None:
        """Count the parts that were written since the last look."""
        for path in sorted(set(self._folder.glob("*.arrow")) - self._seen):
            with suppress(ContractError):  # cut off by a kill: it is written again
                self._add(read_table(path, STORIES))
                self._seen.add(path)

    def _add(self, stories: pa.Table) -> None:
        rows = answered(stories).select(["content_hash", "model", "method"]).to_pylist()
        for row in rows:
            if row["model"] == self._model:
                is_kept = any(method not in NOT_DRAFTED for method in row["method"].values())
                content = row["content_hash"]
                self._kept_of[content] = self._kept_of.get(content, False) or is_kept

    @property
    def drafted(self) -> int:
        """Articles for which a draft was written."""
        return len(self._kept_of)

    @property
    def kept(self) -> int:
        """Articles of which at least one text of the writer is shown."""
        return sum(self._kept_of.values())

    def is_on_trial(self) -> bool:
        """Whether there is a bound, and too few articles were drafted to judge by it."""
        return self._least > 0 and self.drafted < TRIAL

    def is_too_little(self) -> bool:
        """Whether too few articles kept a text, once TRIAL articles were drafted.

        With a `least` of 0.15, 2 of 16 articles are too few, and 3 of 16 are enough.
        """
        return self.drafted >= TRIAL and self.kept < self._least * self.drafted

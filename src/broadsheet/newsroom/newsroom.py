"""The folder of a newsroom: the names of all its files, its lock, and its editions.

An edition exists when its manifest does. It is built in `editions/building`, renamed once its manifest is written, and
becomes current when the link `current` is replaced; a build killed at any point leaves at most `editions/building`,
whose vectors, stories and digests the next build takes over.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadsheet.config.reading import read_config
from broadsheet.config.settings import Config
from broadsheet.errors import NewsroomError
from broadsheet.newsroom.edition import Edition
from broadsheet.newsroom.manifest import MANIFEST, file_hashes, write_manifest
from broadsheet.tables.files import remove_folder, replace_link, same_content, sync_folder
from broadsheet.tables.locks import locked

log = logging.getLogger(__name__)

REMOVED = ".removed-"
"""How the name of a folder begins that is being removed; `prune` removes what a killed process left of it."""


@dataclass(frozen=True)
class Newsroom:
    """The files of one publisher: corpus, models and editions."""

    path: Path
    "Absolute: a program that changes its folder later still finds what was withdrawn and muted."

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path).absolute())

    @property
    def config_file(self) -> Path:
        """The settings."""
        return self.path / "broadsheet.toml"

    @property
    def news(self) -> Path:
        """Table news."""
        return self.path / "corpus" / "news.arrow"

    @property
    def users(self) -> Path:
        """Table users."""
        return self.path / "corpus" / "users.arrow"

    @property
    def clicks(self) -> Path:
        """Table clicks."""
        return self.path / "corpus" / "clicks.arrow"

    @property
    def withdrawn(self) -> Path:
        """Table withdrawn: articles that no import brings back; may be missing."""
        return self.path / "corpus" / "withdrawn.arrow"

    @property
    def mutes(self) -> Path:
        """Table mutes: categories and sources that readers muted; may be missing."""
        return self.path / "readers" / "mutes.arrow"

    @property
    def follows(self) -> Path:
        """Table follows: what readers follow; may be missing."""
        return self.path / "readers" / "follows.arrow"

    @property
    def profiles(self) -> Path:
        """Table profiles: what readers themselves wrote on their interests; may be missing."""
        return self.path / "readers" / "profiles.arrow"

    @property
    def live(self) -> Path:
        """The journal of what was added and withdrawn between nights; missing before the first change."""
        return self.path / "live"

    @property
    def late_texts(self) -> Path:
        """Table stories: texts that pages wanted and no edition had; may be missing."""
        return self.path / "late" / "stories.arrow"

    @property
    def events(self) -> Path:
        """The folder of the event store and of its archives by day; may be missing."""
        return self.path / "events"

    @property
    def notes(self) -> Path:
        """Notes of what this newsroom has had, so that it is missed if it is lost; see `newsroom.notes`."""
        return self.path / "notes"

    def all_impressions(self) -> list[Path]:
        """Return the tables impressions of all splits, by name."""
        return sorted((self.path / "corpus").glob("impressions-*.arrow"))

    def impressions(self, split: str) -> Path:
        """Table impressions of a split; raises NewsroomError for a name not of 1 to 100 letters, digits, - or _."""
        if not 0 < len(split) <= 100 or not split.isascii() or not all(c.isalnum() or c in "-_" for c in split):
            expected = "1 to 100 letters, digits, '-' and '_', such as train or valid"
            raise NewsroomError(f"split {split[:120]!r}: expected {expected}.")
        return self.path / "corpus" / f"impressions-{split}.arrow"

    @property
    def attention(self) -> Path:
        """The newsroom's own trained attentive scorer, if there is one."""
        return self.path / "models" / "attention"

    @property
    def fusion(self) -> Path:
        """The newsroom's own learned fusion of signals, if there is one."""
        return self.path / "models" / "fusion"

    @property
    def reranker(self) -> Path:
        """The newsroom's own trained cross-encoder adapter, if there is one."""
        return self.path / "models" / "reranker"

    @property
    def writer(self) -> Path:
        """The newsroom's own trained writer, if there is one."""
        return self.path / "models" / "writer"

    @property
    def towers(self) -> Path:
        """The newsroom's own trained towers, if there are any."""
        return self.path / "models" / "towers"

    @property
    def editions_folder(self) -> Path:
        """Where the editions lie."""
        return self.path / "editions"

    @property
    def building(self) -> Edition:
        """The edition being built."""
        return Edition(self.editions_folder / "building")

    @property
    def current_link(self) -> Path:
        """The link to the edition that readers see."""
        return self.path / "current"

    def config(self) -> Config:
        """Read the settings."""
        return read_config(self.config_file)

    def require(self) -> None:
        """Raise NewsroomError unless there are articles here."""
        if not self.news.is_file():
            raise NewsroomError(
                f"{self.path}: no newsroom here (no corpus/news.arrow). "
                "Make one with `broadsheet import demo --into NEWSROOM`, `import mind` or `import tables`."
            )

    def editions(self) -> list[Edition]:
        """Return the complete editions, oldest first."""
        return [Edition(path.parent) for path in sorted(self.editions_folder.glob(f"[0-9]*/{MANIFEST}"))]

    def current(self) -> Edition:
        """Return the edition that readers see, by its own name, so that a later publication does not change it.

        Where `current` is a copy of an edition's folder in place of the link, that edition is returned, with a warning.
        Raises NewsroomError if no edition is published, or if `current` is the copy of no edition.
        """
        edition = Edition(self.editions_folder / self.current_name())
        if not edition.manifest.is_file():
            raise NewsroomError(f"{edition.path}: the current edition is gone. Run `broadsheet rollback` or `build`.")
        return edition

    def current_name(self) -> str:
        """Return the name of the edition that readers see, which may be gone; raises NewsroomError as `current`."""
        if self.current_link.is_symlink():
            return Path(os.readlink(self.current_link)).name  # noqa: PTH115
        if not self.current_link.exists():
            raise NewsroomError(f"{self.path}: no edition is published. Run `broadsheet build {self.path}`.")
        for edition in self.editions():
            if same_content(edition.manifest, self.current_link / MANIFEST):
                log.warning(
                    "%s: a copy of edition %s, expected a link to it: the newsroom was copied with its links followed, "
                    "as `cp -rL` does. The next build, publish or rollback makes it a link again.",
                    self.current_link,
                    edition.name,
                )
                return edition.name
        raise NewsroomError(
            f"{self.current_link}: found no link, and the copy of no edition in {self.editions_folder}: the newsroom "
            f"was copied with its links followed, as `cp -rL` does, and in part. Run `broadsheet build {self.path}`, "
            "or `broadsheet publish` with an edition that `broadsheet status` shows."
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the newsroom for one writer; the operating system lets go of it when the process dies.

        Raises NewsroomError at once if another import, training or build holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            try:
                held.enter_context(locked(self.path / ".lock", waits=False))
            except BlockingIOError as error:
                raise NewsroomError(
                    f"{self.path}: another build, import or training is at work here. Wait for it to end, then try "
                    "again."
                ) from error
            yield

    def start_edition(self) -> Edition:
        """Make the folder of the edition being built, or take over what a killed build left.

        Raises NewsroomError if this machine's clock stands before the newest edition: no name would be free at the end.
        """
        self._free_name()
        self.building.manifest.unlink(missing_ok=True)
        self.building.path.mkdir(parents=True, exist_ok=True)
        return self.building

    def complete(self, manifest: dict[str, Any]) -> Edition:
        """Give the edition being built its manifest, then its own name, each atomically; the current edition stays."""
        write_manifest(self.building.manifest, {**manifest, "files": file_hashes(self.building.path)})
        edition = Edition(self.editions_folder / self._free_name())
        self.building.path.rename(edition.path)
        sync_folder(self.editions_folder)
        return edition

    def point_to(self, edition: Edition) -> None:
        """Make an edition current by replacing the link atomically; a folder or file in the link's place is removed."""
        if self.current_link.exists() and not self.current_link.is_symlink():
            aside = self.editions_folder / f"{REMOVED}current-{os.getpid()}"
            self.current_link.rename(aside)
            aside.unlink() if aside.is_file() else remove_folder(aside)
        replace_link(self.current_link, Path("editions") / edition.name)

    def _free_name(self) -> str:
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S.%fZ")
        newest = max((edition.name for edition in self.editions()), default="")
        if stamp <= newest:
            raise NewsroomError(
                f"{self.editions_folder}: {newest} lies in the future of this machine's clock, {stamp}. Set it."
            )
        return stamp

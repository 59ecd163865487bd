"""The folder of one edition: names of its files, and its manifest."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broadsheet.errors import ContractError, NewsroomError, join_problems
from broadsheet.newsroom.manifest import MANIFEST, file_problems, manifest_problem
from broadsheet.tables.seal import CHECKED, identity_at


@dataclass(frozen=True)
class Edition:
    """The files of one edition; `path` may be a finished edition or the one being built."""

    path: Path

    @property
    def name(self) -> str:
        """The edition's name: when it was built, UTC."""
        return self.path.name

    @property
    def users(self) -> Path:
        """Table users: the state of each user that the edition was built for."""
        return self.path / "users.arrow"

    @property
    def news(self) -> Path:
        """Table news as it was when the edition was built: a copy, which neither an import nor its damage touches."""
        return self.path / "news.arrow"

    @property
    def clicks(self) -> Path:
        """Table clicks as it was when the edition was built; missing if the corpus had no clicks."""
        return self.path / "clicks.arrow"

    @property
    def news_vectors(self) -> Path:
        """Table news_vectors: all articles."""
        return self.path / "news_vectors.arrow"

    @property
    def user_vectors(self) -> Path:
        """Table user_vectors."""
        return self.path / "user_vectors.arrow"

    @property
    def index(self) -> Path:
        """The FAISS index. An index in shards has files whose names are made from this name."""
        return self.path / "index.faiss"

    @property
    def index_rows(self) -> Path:
        """Table index: which article is at which row of the FAISS index, or of its shards in order."""
        return self.path / "index.arrow"

    @property
    def candidates(self) -> Path:
        """Table candidates."""
        return self.path / "candidates.arrow"

    @property
    def ranked(self) -> Path:
        """Table ranked."""
        return self.path / "ranked.arrow"

    @property
    def stories(self) -> Path:
        """Table stories."""
        return self.path / "stories.arrow"

    @property
    def digests(self) -> Path:
        """Table digests; missing in editions of versions that made no digests."""
        return self.path / "digests.arrow"

    @property
    def manifest(self) -> Path:
        """What the edition holds and how it was made; written last."""
        return self.path / MANIFEST

    def read_manifest(self) -> dict[str, Any]:
        """Return the manifest; raises NewsroomError if there is none, or if a byte of it changed."""
        try:
            manifest: dict[str, Any] = json.loads(self.manifest.read_text("utf-8"))
            if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
                raise ValueError("it names no files")
            if not isinstance(manifest.get("index", {}), dict):
                raise ValueError(f"index: found {manifest['index']!r:.80}, expected an object")
            if problem := manifest_problem(self.manifest, manifest):
                raise ValueError(problem)
        except (OSError, ValueError) as error:
            raise NewsroomError(
                f"{self.manifest}: no readable manifest ({error}). Run `broadsheet rollback` or `broadsheet build`."
            ) from error
        return manifest

    def require_whole(self) -> None:
        """Raise ContractError unless every table of the edition is as it was built, by the hashes of its manifest.

        The index is left out: it is checked when it is opened.
        """
        files = {name: expected for name, expected in self.read_manifest()["files"].items() if name.endswith(".arrow")}
        contents = [identity_at(self.path / name) for name in files if (self.path / name).is_file()]
        if problems := file_problems(self.path, files):
            raise ContractError(
                f"{self.path}: {join_problems(problems)}. Run `broadsheet rollback`, or `broadsheet build` again."
            )
        for content in contents:
            CHECKED.add(content)  # these bytes were hashed now, and need not be hashed again for their seals

    def is_published(self) -> bool:
        """Whether readers may see it: not if the gate kept it back, or if its manifest cannot be read."""
        try:
            return bool(self.read_manifest().get("published", True))
        except NewsroomError:
            return False

"""Which readers were forgotten, and until when: the table `readers/forgotten.arrow`.

The table holds no id of a reader: only an HMAC of the id, with a key that the newsroom draws for itself. So nobody who
reads the table learns who was forgotten, while a process that meets an id can ask whether it was.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from broadsheet.errors import ContractError
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.notes import read_note, write_note
from broadsheet.readers.watched_file import Watched
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.files import sync_folder
from broadsheet.tables.live_schemas import FORGOTTEN
from broadsheet.tables.locks import locked

BEGUN, HIDDEN, GONE = "begun", "hidden", "gone"
"""The states of a forgetting, in their order."""
_KEY_BYTES = 32

Model = dict[str, str]
"""A trained model that read clicks of a reader: its `name`, and when it was `trained_at`, in ISO format."""


class Forgotten:
    """The table forgotten, asked by the ids of readers."""

    def __init__(self, table: pa.Table, key: bytes) -> None:
        self._rows = {row["key"]: row for row in table.to_pylist()}
        self._key = key

    def __len__(self) -> int:
        return len(self._rows)

    def until(self, user_id: str) -> datetime | None:
        """Return when a reader was forgotten, UTC; None for any other reader."""
        if not self._rows or not user_id:
            return None
        row = self._rows.get(_hashed(self._key, user_id))
        found: datetime | None = row and row["time"]
        return found

    def covers(self, user_id: str, time: datetime) -> bool:
        """Return whether what a reader did at a time is forgotten."""
        until = self.until(user_id)
        return until is not None and time <= until

    def among(self, user_ids: Iterable[str], keys: Iterable[str] | None = None) -> dict[str, datetime]:
        """Return when each forgotten reader among some readers was forgotten; of `keys` alone, where these are given.

        `keys` are values of the column `key`.
        """
        rows = self._rows if keys is None else {key: self._rows[key] for key in keys if key in self._rows}
        if not rows:
            return {}
        hashed = ((user_id, _hashed(self._key, user_id)) for user_id in user_ids if user_id)
        return {user_id: rows[key]["time"] for user_id, key in hashed if key in rows}

    def latest(self) -> datetime | None:
        """Return when a reader was forgotten last, UTC; None if no reader was."""
        return max((row["time"] for row in self._rows.values()), default=None)

    def pending(self) -> list[str]:
        """Return the keys of the readers of whom a build still has to remove what is in the files."""
        return [key for key, row in self._rows.items() if row["state"] != GONE]

    def begun(self) -> list[str]:
        """Return the keys of the readers whose own choices and words may still be there: the call was killed."""
        return [key for key, row in self._rows.items() if row["state"] == BEGUN]

    def models(self) -> list[Model]:
        """Return the trained models that read clicks of a forgotten reader, each once."""
        models = (model for row in self._rows.values() for model in row["models"])
        return list({(model["name"], model["trained_at"]): model for model in models}.values())


NOBODY = Forgotten(FORGOTTEN.empty_table(), b"")


def no_forgotten() -> Forgotten:
    """Return that no reader was forgotten."""
    return NOBODY


class ForgottenReaders:
    """The forgotten readers of a newsroom as they are now; safe to share between threads and processes."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.path = forgotten_file(newsroom)
        self._key_file, self._note = self.path.with_suffix(".key"), newsroom.notes / self.path.name
        self._watched = Watched(self.path, self._read, self._absent)

    def __call__(self) -> Forgotten:
        """Return who was forgotten, read again where the table has changed.

        Raises ContractError if the table or its key is damaged, or missing though a reader was once forgotten: without
        it, an old file would bring back what was forgotten.
        """
        return self._watched()

    def add(self, user_id: str, models: Sequence[Model]) -> datetime:
        """Enter a reader as forgotten until now, in state BEGUN; on the disk when the call returns, which is the time.

        `models` are the trained models that read clicks of the reader; they are added to those of an earlier call.
        """
        self.path.parent.mkdir(exist_ok=True)
        with locked(self.path.with_name(".lock")):
            now = datetime.now(UTC)
            key = _hashed(self._made_key(), user_id)
            rows = self._rows()
            before = [model for row in rows if row["key"] == key for model in row["models"]]
            models = [*before, *(model for model in models if model not in before)]
            others = [row for row in rows if row["key"] != key]
            self._write([*others, {"key": key, "time": now, "state": BEGUN, "models": models}])
        return now

    def advance(self, keys: Iterable[str], state: str, before: datetime | None = None) -> None:
        """Bring readers, by their keys, to a state; with `before`, only those who were forgotten before that time."""
        chosen = set(keys)
        with locked(self.path.with_name(".lock")):
            rows = self._rows()
            for row in rows:
                if row["key"] in chosen and (before is None or row["time"] < before):
                    row["state"] = state
            self._write(rows)

    def key_of(self, user_id: str) -> str:
        """Return what stands for a reader in the column `key`; the newsroom's key must be there."""
        return _hashed(self._key(), user_id)

    def _rows(self) -> list[dict[str, Any]]:
        if not self.path.is_file():
            self._absent()
            return []
        rows: list[dict[str, Any]] = self._table().to_pylist()
        return rows

    def _write(self, rows: list[dict[str, Any]]) -> None:
        write_table(self.path, from_rows(rows, FORGOTTEN), FORGOTTEN, check=_check_of(self._key()))
        write_note(self._note)

    def _read(self, _: Path) -> Forgotten:
        return Forgotten(self._table(), self._key())

    def _table(self) -> pa.Table:
        try:
            return read_table(self.path, FORGOTTEN, check=_check_of(self._key()))
        except ContractError as error:
            raise ContractError(
                f"{error} Restore {self.path.name} and {self._key_file.name} from one copy of the folder: without them "
                "nobody knows which readers were forgotten."
            ) from error

    def _absent(self) -> Forgotten:
        if read_note(self._note) is not None:
            raise ContractError(
                f"{self.path}: missing, though readers were forgotten here. Restore it and {self._key_file.name} from "
                f"a copy. If there is no copy, delete {self._note}: then an old file can bring back what was forgotten."
            )
        return NOBODY

    def _key(self) -> bytes:
        try:
            key = bytes.fromhex(self._key_file.read_text("ascii"))
        except (FileNotFoundError, ValueError) as error:
            raise ContractError(
                f"{self._key_file}: no key of {2 * _KEY_BYTES} hex digits, and the readers in {self.path.name} cannot "
                "be told without it. Restore it from a copy."
            ) from error
        return key

    def _made_key(self) -> bytes:
        """Return the key, which is drawn if there is neither a key nor a table; called under the lock."""
        if not self._key_file.exists() and not self.path.exists():
            self._absent()
            part = self._key_file.with_name(f".{self._key_file.name}.part")
            part.unlink(missing_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._key_file)
            sync_folder(self.path.parent)
        return self._key()


def forgotten_file(newsroom: Newsroom) -> Path:
    """Return the file of table forgotten; it may be missing."""
    return newsroom.profiles.with_name("forgotten.arrow")


def open_forgotten(newsroom: Newsroom) -> Callable[[], Forgotten]:
    """Return a function that says who was forgotten until now; see `ForgottenReaders`."""
    return ForgottenReaders(newsroom)


def _hashed(key: bytes, user_id: str) -> str:
    return hmac.digest(key, user_id.encode(), "sha256").hex()


def _check_of(key: bytes) -> str:
    """Return a text that tells this key from others, and says nothing of it."""
    return hmac.digest(key, b"the key of table forgotten", "sha256").hex()[:16]

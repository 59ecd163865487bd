"""The keys that sign cookies and tokens, in the file `secret` beside the service's database: a key on each line.

The first key signs; the signatures of all keys are accepted. So a key is changed by writing a new line before the
others, and later taking the old line away.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.service_folder import service_folder

SHORTEST = 32
"""Fewest characters of a key."""


class Secret:
    """Signs and checks; never printed."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = keys  # newest first
        self._serializers: dict[str, URLSafeTimedSerializer] = {}

    def sign(self, purpose: str, value: Any) -> str:  # noqa: ANN401
        """Return a JSON value with the time and a signature that holds for this purpose alone."""
        return str(self._serializer(purpose).dumps(value))

    def signed(self, purpose: str, text: str, seconds: float) -> Any:  # noqa: ANN401
        """Return the value of a signed text, or None if it is forged or older than `seconds`."""
        return self.signed_when(purpose, text, seconds)[0]

    def signed_when(self, purpose: str, text: str, seconds: float) -> tuple[Any, datetime]:
        """Return the same, and the second in which it was signed, UTC; for None, 1970."""
        try:
            value, when = self._serializer(purpose).loads(text, max_age=int(seconds), return_timestamp=True)
        except BadSignature:
            return None, datetime.fromtimestamp(0, UTC)
        return value, when

    def code(self, purpose: str, text: str) -> str:
        """Return a code that only this newsroom's service can make of a text, of 43 characters safe in a URL."""
        return _code(self._keys[0], purpose, text)

    def is_code(self, purpose: str, text: str, code: str) -> bool:
        """Return whether a code was made of this text, under any of the keys; takes the same time for each answer."""
        given = code.encode("utf-8", "surrogatepass")
        return any([hmac.compare_digest(_code(key, purpose, text).encode(), given) for key in self._keys])

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        if purpose not in self._serializers:
            self._serializers[purpose] = URLSafeTimedSerializer(
                self._keys[::-1],  # itsdangerous signs with the last key
                salt=f"broadsheet.{purpose}",
                signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
            )
        return self._serializers[purpose]


def _code(key: str, purpose: str, text: str) -> str:
    from base64 import urlsafe_b64encode

    message = f"broadsheet.{purpose}\0{text}".encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(hmac.digest(key.encode(), message, "sha256")).decode().rstrip("=")


def read_secret(newsroom: Newsroom) -> Secret:
    """Return the newsroom's keys, and make the first one; raises NewsroomError if the file cannot be used."""
    path = service_folder(newsroom) / "secret"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
        if path.stat().st_mode & 0o077:
            raise NewsroomError(f"{path}: other users may read it, expected mode 0600. chmod 600 {path}")
        keys = path.read_text("ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise NewsroomError(f"{path}: {error}. The user who runs the service must own this file.") from error
    if not keys or any(len(key) < SHORTEST for key in keys):
        raise NewsroomError(f"{path}: expected a key of {SHORTEST} characters or more on each line. Remove the file.")
    return Secret(keys)


def _make(path: Path) -> None:
    """Make the file whole: a link to a finished file cannot be there in part, nor twice."""
    if path.exists():
        return
    part = path.with_name(f".secret.{secrets.token_hex(8)}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)

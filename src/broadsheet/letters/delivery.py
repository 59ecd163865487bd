"""Where letters go: into files, or to a mail server by SMTP."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from broadsheet.errors import BroadsheetError, InputError, NewsroomError
from broadsheet.tables.files import replacing

SECONDS = 30.0
"""Most seconds that a mail server may take for an answer."""


class NotSentError(BroadsheetError):
    """A letter that the mail server did not take."""


class PerhapsSentError(BroadsheetError):
    """A letter of which nobody knows whether the mail server took it: the connection broke."""


class Deliver(Protocol):
    """Takes letters; an error of one letter leaves the others alone."""

    def __call__(self, user_id: str, message: EmailMessage) -> None:
        """Deliver a reader's letter.

        Raises NotSentError if the letter was certainly not taken, PerhapsSentError if that is not known.
        """


class Files:
    """Writes each letter into a file of a folder, named by a hash of the reader's id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--out {folder}: {error}. Name a folder that this user may write.") from error

    def __call__(self, user_id: str, message: EmailMessage) -> None:
        """Write the letter, whole or not at all."""
        name = hashlib.sha256(user_id.encode()).hexdigest()[:16]
        try:
            with replacing(self._folder / f"{name}.eml") as part:
                part.write_bytes(message.as_bytes())
        except OSError as error:
            raise NotSentError(f"{self._folder}: {error}. Name a folder that this user may write.") from error


class Smtp:
    """Sends letters over one connection: with STARTTLS, unless the server is this machine itself."""

    def __init__(self, server: str, user: str = "", password: str = "") -> None:
        """`server` is HOST:PORT. Raises InputError for anything else, NewsroomError if it cannot be reached."""
        host, _, port = server.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 1 << 16:
            raise InputError(f"--smtp: found {server[:80]!r}, expected HOST:PORT, such as mail.example.org:587.")
        self._host, self._port = host.strip("[]"), int(port)
        self._login = (user, password) if user else None
        self._open: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        try:
            self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise NewsroomError(f"--smtp {self._host}:{self._port}: {_told(error)}. Nothing was sent.") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._open is not None:
            self._open.close()

    def __call__(self, user_id: str, message: EmailMessage) -> None:
        """Send the letter; after a connection that broke, the next letter has a connection of its own.

        Raises NotSentError if the server refused the letter, PerhapsSentError if the connection broke meanwhile.
        """
        try:
            connection = self._open or self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise NotSentError(f"{self._host}:{self._port}: {_told(error)}.") from error
        try:
            connection.send_message(message)
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
            if connection.sock is None:  # the server ended the connection with its answer
                self._open = None
            raise NotSentError(f"{self._host}:{self._port}: {_told(error)}.") from error
        except (OSError, smtplib.SMTPException) as error:
            self._open = None
            connection.close()
            raise PerhapsSentError(f"{self._host}:{self._port}: {_told(error)}.") from error

    def _connect(self) -> smtplib.SMTP:
        connection = smtplib.SMTP(self._host, self._port, timeout=SECONDS)
        connection.ehlo()
        if connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        elif self._host not in ("localhost", "127.0.0.1", "::1"):
            connection.close()
            raise smtplib.SMTPException("the server offers no STARTTLS, and letters are not sent in the clear")
        if self._login is not None:
            connection.login(*self._login)
        self._open = connection
        return connection


def _told(error: Exception) -> str:
    """Return what went wrong without what the server says of addresses."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the server refused with code {error.smtp_code}"
    return "the server refused the address" if isinstance(error, smtplib.SMTPRecipientsRefused) else str(error)

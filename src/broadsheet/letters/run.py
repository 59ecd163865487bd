"""What the commands `letter` and `push` do: they open what they need and close it again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadsheet.config.service import LetterConfig
from broadsheet.errors import ConfigError, InputError, ModelError
from broadsheet.letters.addresses import read_contacts
from broadsheet.letters.delivery import Files, Smtp
from broadsheet.letters.letters import LetterReport, Sign, send_letters
from broadsheet.letters.mail import Sender
from broadsheet.letters.push import pushes
from broadsheet.letters.sent import Sent
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_ids
from broadsheet.pipeline import Pipeline
from broadsheet.service.serving.state import State

LONGEST_PASSWORD = 1_000


def run_letters(
    newsroom: Path, addresses: Path, readers: Sequence[str] | None, out: Path | None, smtp: str | None
) -> LetterReport:
    """Write the day's letters into the folder `out`, or send them to the server `smtp`; None of readers for all.

    Raises InputError for what is no address, or unless one of `out` and `smtp` is given; ConfigError without
    `[letter] sender`; NewsroomError if the mail server cannot be reached.
    """
    if (out is None) == (smtp is None):
        raise InputError("--out and --smtp: expected one of them. No letter was made.")
    room, contacts = Newsroom(newsroom), read_contacts(addresses)
    room.require()
    config = room.config()
    if not config.letter.sender:
        raise ConfigError('[letter] sender: found nothing, expected the address in From, such as "news@example.org".')
    user_ids = list(contacts) if readers is None else given_ids(readers, "--reader")
    sign = _sign(room) if config.service.public_url else lambda _: ""
    sender = Sender(config.letter.sender, config.service.public_url)
    deliver = Files(out) if out is not None else Smtp(smtp or "", *_login(room, config.letter))
    with closing(State(room)) as state, deliver if isinstance(deliver, Smtp) else nullcontext():
        pipeline, sent = Pipeline.open(newsroom), Sent(state)
        made = send_letters(
            pipeline, user_ids, contacts, sent, deliver, sender=sender, sign=sign, now=datetime.now(UTC)
        )
    return made


def run_pushes(newsroom: Path, zones: Path | None, readers: Sequence[str] | None) -> Iterator[dict[str, Any]]:
    """Yield what is worth a push, for the readers named, else those of the file of zones, else those of the edition."""
    room = Newsroom(newsroom)
    room.require()
    contacts = read_contacts(zones) if zones is not None else {}
    pipeline = Pipeline.open(newsroom)
    if readers is not None:
        user_ids = given_ids(readers, "--reader")
    else:
        user_ids = list(contacts) or pipeline.bench.data.readers.audience.all()
    with closing(State(room)) as state:
        yield from pushes(pipeline, user_ids, contacts, Sent(state), now=datetime.now(UTC))


def _sign(room: Newsroom) -> Sign:
    try:
        from broadsheet.service.security.secret import read_secret
        from broadsheet.service.web.letters import PURPOSE
    except ModuleNotFoundError as error:
        raise ModelError(f'{error.name} is not installed. Install it: pip install "broadsheet[serve]".') from error
    secret = read_secret(room)
    return lambda user_id: secret.sign(PURPOSE, user_id)


def _login(room: Newsroom, settings: LetterConfig) -> tuple[str, str]:
    """Return the name and the password for the mail server; both are empty without `smtp_user`."""
    if not settings.smtp_user:
        return "", ""
    path = room.path / settings.smtp_password_file
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise ConfigError(f"[letter] smtp_password_file: {path}: others may read it. Run chmod 600 {path}")
            password = file.read(LONGEST_PASSWORD).decode("utf-8").split("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"[letter] smtp_password_file: {path}: {error}. Put the password there.") from error
    return settings.smtp_user, password

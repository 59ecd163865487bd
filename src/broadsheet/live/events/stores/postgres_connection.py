"""A connection to PostgreSQL that is opened when needed, and whose password is in no message."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from broadsheet.errors import BroadsheetError, ConfigError, DiskError, InputError, NewsroomError

if TYPE_CHECKING:
    import psycopg

Answer = TypeVar("Answer")

_DEFAULTS = {
    "application_name": "broadsheet",
    "connect_timeout": 10,
    **{"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000},
}
"""What the address does not say: a server that no longer answers is given up after half a minute, not after hours."""
_SESSION = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
SET lock_timeout = '30s'
"""
"""An event is acknowledged after the sync, also where the server is set to acknowledge before."""
_LEFT_TO_THE_PARENT: list[psycopg.Connection[Any]] = []
"""Connections of the process that this process was forked from: to use or to close them here would harm that one."""
_FULL = "53100"
"""SQLSTATE of a full disk."""


class Connection:
    """A connection to a database, opened with the first call, and again after a fork or a failure."""

    def __init__(self, driver: Any, parts: dict[str, Any]) -> None:  # noqa: ANN401
        self._driver, self._parts, self._password = driver, parts, str(parts.get("password") or "")
        place = parts.get("host") or parts.get("hostaddr") or "this machine"
        self.name = f"PostgreSQL database {parts.get('dbname') or parts.get('user') or ''} on {place}"
        """What messages call the database."""
        self._open: psycopg.Connection[Any] | None = None
        self._process = 0

    def run(self, call: Callable[[psycopg.Cursor[Any]], Answer]) -> Answer:
        """Return what `call` returns; it is called again if a connection that was open is found to be broken.

        What it does may thus have been done already: it must do no harm a second time.
        """
        was_open = self._open is not None and self._process == os.getpid()
        try:
            try:
                return self._run(call)
            except (self._driver.OperationalError, self._driver.InterfaceError):
                if not was_open or self._open is not None:
                    raise
                return self._run(call)
        except self._driver.Error as error:
            raise self._told(error) from None  # the driver's own words may repeat what it was given

    def close(self) -> None:
        """Close the connection, if it is open."""
        if self._open is not None and self._process != os.getpid():
            _LEFT_TO_THE_PARENT.append(self._open)
        elif self._open is not None:
            self._open.close()
        self._open = None

    def _run(self, call: Callable[[psycopg.Cursor[Any]], Answer]) -> Answer:
        if self._open is None or self._process != os.getpid():
            self.close()
            self._open = self._driver.connect(**{**_DEFAULTS, **self._parts}, autocommit=True)
            self._process = os.getpid()
            self._open.execute(_SESSION)
        try:
            with self._open.cursor() as cursor:
                return call(cursor)
        except self._driver.Error:
            if self._open.closed:
                self._open = None
            raise

    def _told(self, error: psycopg.Error) -> BroadsheetError:
        said = " ".join(str(error).split())
        if self._password:
            said = said.replace(self._password, "…")
        if error.sqlstate == _FULL:
            return DiskError(
                f"{self.name}: the disk of the database is full ({said}). No event of this call was taken; what was "
                "acknowledged before stays. Free some space and send the events again."
            )
        if isinstance(error, self._driver.DataError):
            return InputError(
                f"{self.name}: the database cannot hold a value of this call ({said}). No event of this call was "
                "taken. Mend the event and send the events again."
            )
        return NewsroomError(
            f"{self.name}: the event store failed ({said}). No event of this call is acknowledged; what was "
            "acknowledged before stays. Look at the database, and at the setting `events`, and send the events again."
        )


def open_connection(address: str) -> Connection:
    """Return a connection to an address such as postgresql://USER@HOST/DATABASE; nothing is sent before it is used.

    Raises ConfigError, which never shows the password, if the address cannot be read or the driver is missing.
    """
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        raise ConfigError(
            'events: the driver of PostgreSQL is missing. Install it: pip install "broadsheet[postgresql]".'
        ) from error
    try:
        parts = conninfo_to_dict(address)
    except psycopg.Error:
        parts = {"port": "unreadable"}
    # A password whose / or @ is not escaped is read as a port or as a part of the host, and messages would show it.
    if not str(parts.get("port") or "0").replace(",", "").isdigit() or "@" in str(parts.get("host")):
        raise ConfigError(
            "events: found an address that cannot be read, expected postgresql://USER@HOST:PORT/DATABASE. In a "
            "password, characters such as / and @ are written as %2F and %40; better leave it out, and keep it in "
            "~/.pgpass."
        )
    return Connection(psycopg, parts)

"""A PostgreSQL server for measurements and tests: its data in a folder of its own, reached by a socket alone."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from broadsheet.errors import InputError

_STARTS = 60.0
"""Most seconds until a server answers."""


@contextmanager
def postgresql_server(*, sync: bool = True) -> Iterator[Path]:
    """Run a server, and yield the folder of its socket; without `sync` it never waits for the disk.

    Raises InputError if no server is installed, or if it does not start.
    """
    programs = _programs()
    # A socket's path has at most 107 bytes, which a folder below other folders may exceed.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        as_user = _as_user(folder)
        options = ["--no-sync", "-A", "trust", "-U", "broadsheet", "-E", "UTF8"]
        make = [str(programs / "initdb"), *options, str(folder / "data")]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **as_user)
        server = _start(programs, folder, sync, as_user)
        try:
            yield folder
        finally:
            server.send_signal(signal.SIGINT)  # which waits for no client, as SIGTERM does
            server.wait(_STARTS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def address_of(folder: Path, schema: str = "public") -> str:
    """Return the address of a server's database, as the setting `events` names it; each schema is another store."""
    return f"postgresql://broadsheet@/postgres?host={folder}&options=-csearch_path%3D{schema}"


def _programs() -> Path:
    """Return the folder of `initdb` and `postgres`."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    folders = [folder for folder in folders if (folder / "postgres").is_file()]
    if not folders:
        raise InputError("no PostgreSQL server on this machine: install one, such as Debian's package postgresql.")
    return folders[-1]


def _start(programs: Path, folder: Path, sync: bool, as_user: dict[str, Any]) -> subprocess.Popen[bytes]:
    settings = {"listen_addresses": "", "fsync": "on" if sync else "off", "max_connections": "100"}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        run = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *words]
        server = subprocess.Popen(run, stdout=log, stderr=log, cwd=folder, **as_user)
    end = time.monotonic() + _STARTS
    while server.poll() is None and time.monotonic() < end:
        asks = [str(programs / "pg_isready"), "-q", "-h", str(folder), "-U", "broadsheet"]
        if subprocess.run(asks, check=False).returncode == 0:
            return server
        time.sleep(0.05)
    server.kill()
    raise InputError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-500:]}")


def _as_user(folder: Path) -> dict[str, Any]:
    """Return the user as whom the server runs, since it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            os.chown(folder, user.pw_uid, user.pw_gid)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise InputError("PostgreSQL does not run as root, and this machine has no user postgres or nobody.")

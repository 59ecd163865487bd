"""A real PostgreSQL server for tests: its data in a folder of its own, reached by a socket alone."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

_SYSTEM_USERS = ("postgres", "nobody")


def server_programs():
    """The folder of `initdb` and `postgres`; skips the test where no server is installed."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    folders = [folder for folder in folders if (folder / "postgres").is_file()]
    if not folders:
        pytest.skip("no PostgreSQL server on this machine: install Debian's package postgresql")
    return folders[-1]


@contextmanager
def postgresql_server(*, sync=False):
    """Run a server, and yield the folder of its socket; with `sync` it waits for the disk, as a real server does."""
    programs = server_programs()
    # A socket's path has at most 107 bytes, which the folder of a test may exceed.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    as_user = _as_user(folder)
    try:
        make = [
            programs / "initdb",
            "--no-sync",
            "-A",
            "trust",
            "-U",
            "broadsheet",
            "-E",
            "UTF8",
            "-D",
            folder / "data",
        ]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **as_user)
        server = start(programs, folder, sync, as_user)
        try:
            yield folder
        finally:
            server.send_signal(signal.SIGINT)  # which waits for no client, as SIGTERM does
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(programs, folder, sync, as_user):
    settings = {"listen_addresses": "", "fsync": "on" if sync else "off", "max_connections": "50"}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        run = [programs / "postgres", "-D", folder / "data", "-k", folder, *words]
        server = subprocess.Popen(run, stdout=log, stderr=log, cwd=folder, **as_user)
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError((folder / "log").read_text())
        if subprocess.run([programs / "pg_isready", "-q", "-h", folder, "-U", "broadsheet"]).returncode == 0:
            return server
        time.sleep(0.05)
    raise RuntimeError("the server did not start")


def _as_user(folder):
    """The user as whom the server runs, since it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user = next(pwd.getpwnam(name) for name in _SYSTEM_USERS if _exists(name))
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _exists(name):
    try:
        return pwd.getpwnam(name) is not None
    except KeyError:
        return False


def address(folder, schema="public", password=""):
    """The address of the server's database, as a setting names it; each schema is a store of its own."""
    secret = f":{password}" if password else ""
    return f"postgresql://broadsheet{secret}@/postgres?host={folder}&options=-csearch_path%3D{schema}"

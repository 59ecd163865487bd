"""The file of readers' mail addresses and time zones; nothing of it is stored in the newsroom."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from broadsheet.errors import InputError
from broadsheet.newsroom.given import given_id

LONGEST_ADDRESS = 254
MOST_BYTES = 1 << 28
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+"
)


@dataclass(frozen=True)
class Contact:
    """Where and when a reader can be reached."""

    address: str
    "The mail address; empty if the file has none."
    zone: str
    'The time zone, such as "Europe/Dublin"; empty for that of the newsroom.'


def read_contacts(path: Path) -> dict[str, Contact]:
    """Return the contacts of a CSV file with the columns user_id, and address or zone or both, by reader.

    Raises InputError that names the line for what is no address or zone, and for a reader who stands there twice.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: found {path.stat().st_size:,} bytes, expected {MOST_BYTES:,} at most. Split it.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            names = {*(rows.fieldnames or ())}
            if "user_id" not in names or not names & {"address", "zone"}:
                raise InputError(f"{path}: expected the columns user_id and address or zone. Name them in line 1.")
            found: dict[str, Contact] = {}
            for row in rows:
                where = f"{path}: line {rows.line_num}"
                user_id = given_id(row["user_id"], where)
                if user_id in found:
                    raise InputError(f"{where}: found a reader who stands there already, expected each once.")
                found[user_id] = _contact(row.get("address") or "", row.get("zone") or "", where)
            return found
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read ({error}). Name a CSV file in UTF-8.") from error


def _contact(address: str, zone: str, where: str) -> Contact:
    address, zone = address.strip(), zone.strip()
    if address and (len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address)):
        raise InputError(f"{where}: found no mail address, expected one such as maya@example.org.")
    if zone and not is_zone(zone):
        raise InputError(f"{where}: found zone {zone[:60]!r}, expected a name such as Europe/Dublin.")
    return Contact(address, zone)


def is_zone(name: str) -> bool:
    """Return whether this machine knows a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True

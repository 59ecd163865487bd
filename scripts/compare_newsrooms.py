"""Whether two newsrooms hold the same tables: names, types and values, bit by bit.

  python scripts/compare_newsrooms.py BEFORE AFTER --renamed ann=tower --out benchmarks/results/same-tables.json

Compares every Arrow file of the corpus and of the current edition, and the FAISS index. Exit code 1 if a file differs.
"""

import argparse
import json
import sys
from pathlib import Path

import pyarrow as pa

from broadsheet.tables.files import file_sha256
from broadsheet.tables.named_files import write_named

FILES = (".arrow", ".faiss")


def read(path: Path, renamed: dict[str, str]) -> pa.Table:
    """Return a table with its columns under their new names, and without the metadata of the file and its fields."""
    table = pa.ipc.open_file(path).read_all()
    fields = [pa.field(renamed.get(field.name, field.name), field.type, field.nullable) for field in table.schema]
    return pa.table(table.columns, schema=pa.schema(fields))


def compare(before: Path, after: Path, renamed: dict[str, str]) -> dict[str, str]:
    """Return by file what differs; an empty string where nothing does."""
    said = {}
    for folder in ("corpus", "current"):
        paths = [path for room in (before, after) for path in (room / folder).iterdir()]
        for name in sorted({path.name for path in paths if path.suffix in FILES}):
            one, other = before / folder / name, after / folder / name
            said[f"{folder}/{name}"] = _difference(one, other, renamed)
    return said


def _difference(one: Path, other: Path, renamed: dict[str, str]) -> str:
    if not (one.is_file() and other.is_file()):
        return "missing in one newsroom"
    if one.suffix == ".faiss":
        return "" if file_sha256(one) == file_sha256(other) else "other bytes"
    first, second = read(one, renamed), read(other, {})
    if first.schema != second.schema:
        return f"other columns: {sorted(set(first.column_names) ^ set(second.column_names)) or 'types'}"
    different = [name for name in first.column_names if not first.column(name).equals(second.column(name))]
    return f"other values in {', '.join(different)}" if different else ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--renamed", action="append", default=[], metavar="OLD=NEW", help="a renamed column")
    parser.add_argument("--out", type=Path, help="a JSON file for the result")
    options = parser.parse_args()
    result = compare(options.before, options.after, dict(pair.split("=", 1) for pair in options.renamed))
    for file, difference in result.items():
        print(f"{file}: {difference or 'the same'}")
    if options.out:
        write_named(options.out, json.dumps(result, indent=2) + "\n")
    sys.exit(any(result.values()))

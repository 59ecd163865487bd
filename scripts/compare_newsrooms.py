"""Whether two newsrooms hold the same tables: names, types and values, bit by bit.

  python scripts/compare_newsrooms.py BEFORE AFTER --renamed ann=tower --out benchmarks/results/same-tables.json

Compares every Arrow file of the corpus and of the current edition, and the FAISS index. Exit code 1 if a file differs.
"""

import argparse
import sys
from pathlib import Path

import pyarrow as pa

from broadsheet.tables.files import file_sha256, write_json


def read(path: Path, renamed: dict[str, str]) -> pa.Table:
    """Return a table with its columns under their new names and without what is said about the file."""
    table = pa.ipc.open_file(path).read_all().replace_schema_metadata(None)
    fields = [field.remove_metadata().with_name(renamed.get(field.name, field.name)) for field in table.schema]
    return table.cast(pa.schema([f.with_name(n) for f, n in zip(fields, table.column_names, strict=True)])).rename_columns(
        [field.name for field in fields]
    )


def compare(before: Path, after: Path, renamed: dict[str, str]) -> dict[str, str]:
    """Return by file what differs; an empty string where nothing does."""
    said = {}
    for folder in ("corpus", "current"):
        names = {path.name for room in (before, after) for path in (room / folder).glob("*.*") if path.suffix in (".arrow", ".faiss")}
        for name in sorted(names):
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
        return f"columns {set(first.schema) ^ set(second.schema)}"
    different = [name for name in first.column_names if not first.column(name).equals(second.column(name))]
    return f"other values in {', '.join(different)}" if different else ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--renamed", action="append", default=[], metavar="OLD=NEW", help="a column with another name now")
    parser.add_argument("--out", type=Path, help="a JSON file for the result")
    options = parser.parse_args()
    result = compare(options.before, options.after, dict(pair.split("=", 1) for pair in options.renamed))
    for file, difference in result.items():
        print(f"{file}: {difference or 'the same'}")
    if options.out:
        write_json(options.out, result)
    sys.exit(any(result.values()))

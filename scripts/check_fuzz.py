"""Read and import files with random damage, a thousand of each format, and print what they did.

Exits with 1 if one of them ends in a traceback, loses a row without a count, or takes too long.

Example: python scripts/check_fuzz.py --files 1000
"""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import run


def check(
    files: Annotated[int, typer.Option(help="Files of each format; the seeds are 0, 1, 2 and so on.")] = 1000,
    kinds: Annotated[list[str] | None, typer.Option("--format", help="One format alone. Can be repeated.")] = None,
) -> None:
    """Print what each format's damaged files did; exit with 1 if one did harm."""
    from broadsheet.evaluation.systems.fuzz import FORMATS, fuzz, peak_bytes

    harm = 0
    for kind in kinds or FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            found = fuzz(kind, range(files), Path(folder))
        bad = [damage for damage in found if damage.problems]
        harm += len(bad)
        refused, rows = sum(damage.is_refused for damage in found), sum(damage.rows for damage in found)
        slowest, held = max(damage.seconds for damage in found), peak_bytes() / 2**20
        print(
            f"{kind:<9} {files:,} files, {refused:,} refused, {rows:,} rows delivered; slowest {slowest:.2f} s, "
            f"memory {held:.0f} MiB, harm in {len(bad)}"
        )
        for damage in bad[:20]:
            print(f"  seed {damage.seed}: {'; '.join(damage.problems)}")
    if harm:
        sys.exit(f"check_fuzz: expected no harm, found it in {harm} files")


if __name__ == "__main__":
    run(check)

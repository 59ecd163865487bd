import random
import tempfile
from pathlib import Path

import pytest

from broadsheet.evaluation.systems.fuzz import FORMATS, damaged, fuzz, table_as
from broadsheet.importers.files.file_rows import column_names, read_rows

SEEDS = range(25)
"""A cheap part: scripts/check_fuzz.py takes a thousand."""


@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_end_in_no_traceback_and_no_uncounted_row(kind):
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(kind, SEEDS, Path(folder))
    assert not [damage for damage in found if damage.problems]
    assert any(damage.rows for damage in found)  # not all files are damaged beyond reading


def test_the_same_seed_makes_the_same_damage():
    content = table_as("csv")
    assert damaged(content, random.Random(3)) == damaged(content, random.Random(3)) != content


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "mind"])
def test_a_whole_file_delivers_all_its_rows(tmp_path, kind):
    path = tmp_path / f"news.{kind}"
    path.write_bytes(table_as(kind))
    rows = list(read_rows(path, column_names(path), pytest.fail))
    assert [row["news_id"] for row in rows] == [f"n{number}" for number in range(12)]

"""Links that are replaced in one step, times of change that can be trusted, and a full disk."""

import errno
import os
import time
from pathlib import Path

import pytest

from broadsheet.errors import CorpusError
from broadsheet.tables.files import copy_file, full_disk_as, is_settled, replace_link


def test_a_link_is_made_and_replaced_and_leaves_nothing_beside_it(tmp_path):
    link = tmp_path / "current"
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        replace_link(link, Path(name))
        assert link.resolve() == tmp_path / name
    assert {path.name for path in tmp_path.iterdir()} == {"current", "first", "second"}


def test_a_time_of_change_is_trusted_once_it_lies_two_seconds_back():
    now = time.time_ns()
    assert is_settled(now - 2_100_000_000) and not is_settled(now - 1_000_000_000) and not is_settled(now)


FULL = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    OSError(errno.EFBIG, "File too large"),
    RuntimeError("Error in write: No space left on device"),
]


@pytest.mark.parametrize("error", FULL, ids=str)
@pytest.mark.parametrize("folder", ["", "not/there/yet"])
def test_a_full_disk_is_one_error_that_says_where_and_what_to_do(error, folder, tmp_path):
    path = tmp_path / folder
    with pytest.raises(CorpusError) as raised, full_disk_as(CorpusError, path, "Free some space and try again."):
        raise error
    message = str(raised.value)
    assert message.startswith(f"{path}: the disk is full (") and message.endswith("). Free some space and try again.")
    assert " MiB free; " in message and str(error) in message and raised.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [PermissionError(errno.EACCES, "Permission denied"), RuntimeError("other"), KeyError()]
)
def test_any_other_error_passes_as_it_is(error, tmp_path):
    with pytest.raises(type(error)) as raised, full_disk_as(CorpusError, tmp_path, "Free some space."):
        raise error
    assert raised.value is error


def test_a_copy_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    (tmp_path / "source").write_bytes(b"articles")
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(sorted(tmp_path.iterdir())), real(handle)))
    copy_file(tmp_path / "source", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"articles"
    before, after = synced  # first the content, under another name, then the folder
    assert tmp_path / "target" not in before and len(before) == 2 and tmp_path / "target" in after
    assert not (tmp_path / "source").samefile(tmp_path / "target")

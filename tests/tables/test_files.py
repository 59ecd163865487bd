"""Links that are replaced in one step, times of change that can be trusted, and a full disk."""

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from broadsheet.errors import CorpusError, DiskError
from broadsheet.tables.files import (
    copy_file,
    first_free_number,
    full_disk_as,
    is_settled,
    part_path,
    parts_of,
    replace_link,
    replacing,
    write_text,
)


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
    FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"),
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


def test_the_file_in_work_has_a_name_that_nobody_can_guess_and_is_made_by_us_alone(tmp_path):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / f".page.html.{os.getpid()}.part").symlink_to("victim")  # the name of an earlier version
    names = set()
    for _ in range(3):
        with replacing(tmp_path / "page.html") as part:
            part.write_text("today")
            names.add(part.name)
            assert part.is_file() and not part.is_symlink()
    assert len(names) == 3 and (tmp_path / "victim").read_text() == "precious"


def test_a_planted_link_under_the_very_name_is_refused(tmp_path, monkeypatch):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / ".page.html.guessed.part").symlink_to("victim")
    monkeypatch.setattr("secrets.token_hex", lambda _: "guessed")
    with pytest.raises(FileExistsError), replacing(tmp_path / "page.html") as part:
        part.write_text("today")
    assert (tmp_path / "victim").read_text() == "precious" and not (tmp_path / "page.html").exists()


def test_a_file_that_only_its_owner_may_read_stays_so(tmp_path):
    path = tmp_path / "profiles.arrow"
    path.write_text("before")
    path.chmod(0o600)
    write_text(path, "after")
    assert path.read_text() == "after" and stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_full_disk_leaves_the_file_as_it_was_and_says_what_to_do(tmp_path):
    path = tmp_path / "mutes.arrow"
    path.write_text("before")
    with pytest.raises(DiskError) as raised, replacing(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(raised.value).startswith(f"{path}: the disk is full (") and "Free some space" in str(raised.value)
    assert path.read_text() == "before" and [one.name for one in tmp_path.iterdir()] == ["mutes.arrow"]


def test_a_command_names_its_own_advice_for_a_full_disk_once(tmp_path):
    with (
        pytest.raises(CorpusError) as raised,
        full_disk_as(CorpusError, tmp_path, "Import again."),
        replacing(tmp_path / "news.arrow"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(raised.value).count("the disk is full") == 1 and str(raised.value).endswith("Import again.")


def test_an_error_of_the_disk_names_the_file(tmp_path):
    with pytest.raises(OSError) as raised, replacing(tmp_path / "mutes.arrow"):
        raise OSError(errno.EIO, "Input/output error")
    assert raised.value.filename == str(tmp_path / "mutes.arrow")


def test_a_name_as_long_as_the_system_allows_can_be_written(tmp_path):
    path = tmp_path / ("ä" * 125 + ".html")  # 255 bytes
    write_text(path, "news")
    assert path.read_text() == "news" and list(tmp_path.iterdir()) == [path]


def test_parts_lie_beside_their_table(tmp_path):
    folder = parts_of(tmp_path / "stories.arrow")
    assert folder == tmp_path / "stories.parts" and part_path(folder, 7) == folder / "000007.arrow"


def test_the_first_free_number_follows_the_last_whatever_is_missing_before_it(tmp_path):
    assert first_free_number(tmp_path / "nothing") == 0
    for name in ("000002.arrow", "000009.arrow", ".000011.arrow.7.part", "other.arrow"):
        (tmp_path / name).touch()
    assert first_free_number(tmp_path) == 10

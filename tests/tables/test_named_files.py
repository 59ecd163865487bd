"""Files that a user names for output: regular files, links, pipes and devices."""

import os
import stat
import tempfile
import threading
from pathlib import Path

import pytest

from broadsheet.tables.named_files import check_writable, is_written_through, write_named


def test_a_file_behind_links_is_written_and_the_links_stay(tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "page.html").write_text("yesterday")
    (tmp_path / "first").symlink_to("served/page.html")
    (tmp_path / "second").symlink_to(tmp_path / "first")
    check_writable(tmp_path / "second")
    write_named(tmp_path / "second", "today")
    assert (tmp_path / "served" / "page.html").read_text() == "today"
    assert (tmp_path / "first").is_symlink() and (tmp_path / "second").is_symlink()


def test_a_link_to_a_file_that_is_not_there_yet_makes_the_file(tmp_path):
    (tmp_path / "link").symlink_to("new/page.html")
    check_writable(tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and not (tmp_path / "new" / "page.html").exists()
    write_named(tmp_path / "link", "today")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "new" / "page.html").read_text() == "today"


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/1", "/dev/null"])
def test_what_is_open_already_is_written_as_it_is(name):
    assert is_written_through(Path(name))


def test_a_file_in_memory_is_a_file():
    folder = Path("/dev/shm")
    if not folder.is_dir():
        pytest.skip("this system has no /dev/shm")
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        assert not is_written_through(Path(file.name))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_a_file_keeps_its_mode(mode, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("yesterday")
    path.chmod(mode)
    write_named(path, b"today")
    assert path.read_text() == "today" and stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_the_mode_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_named(tmp_path / "page.html", "today")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o640


def test_a_pipe_hands_the_text_to_its_reader_and_stays_a_pipe(tmp_path):
    os.mkfifo(path := tmp_path / "pipe")
    check_writable(path)  # does not wait for a reader
    read = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()), daemon=True)
    reader.start()
    write_named(path, "ž")
    reader.join(10)
    assert read == ["ž"] and stat.S_ISFIFO(path.stat().st_mode) and [one.name for one in tmp_path.iterdir()] == ["pipe"]


def test_a_device_stays_a_device(tmp_path):
    (tmp_path / "away").symlink_to("/dev/null")
    for path in (Path("/dev/null"), tmp_path / "away"):
        check_writable(path)
        write_named(path, "today")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode) and [one.name for one in tmp_path.iterdir()] == ["away"]


def test_what_a_process_has_open_is_not_replaced(tmp_path):
    with (tmp_path / "log").open("w") as log:
        inode = os.fstat(log.fileno()).st_ino
        write_named(Path(f"/dev/fd/{log.fileno()}"), "today")
    assert (tmp_path / "log").read_text() == "today" and (tmp_path / "log").stat().st_ino == inode


def test_what_cannot_be_written_is_told_before_any_work(tmp_path):
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "file").write_text("")
    for name in (".", "circle", "file/page.html"):
        with pytest.raises(OSError):
            check_writable(tmp_path / name)

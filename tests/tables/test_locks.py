"""Locks between processes, and file systems that have none."""

import errno
import fcntl
import os
import threading

import pytest

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Newsroom
from broadsheet.readers.profiles import open_profiles, set_profile
from broadsheet.tables.locks import locked


def test_one_holder_at_a_time_and_the_next_waits_or_is_told(tmp_path):
    path, order = tmp_path / ".lock", []

    def wait():
        with locked(path):
            order.append("second")

    with locked(path):
        with pytest.raises(BlockingIOError), locked(path, waits=False):
            order.append("never")
        second = threading.Thread(target=wait)
        second.start()
        order.append("first")
    second.join(10)
    assert order == ["first", "second"]
    with locked(path, waits=False):
        pass


def test_what_a_dead_process_left_is_no_lock(tmp_path):
    (tmp_path / ".lock").write_text("4711\n")  # as a lock of file systems without flock is left behind
    with Newsroom(tmp_path).lock():
        pass


def test_a_planted_link_is_not_followed(tmp_path):
    (tmp_path / ".lock").symlink_to("victim")
    with pytest.raises(OSError), locked(tmp_path / ".lock"):
        pass
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO, errno.ENOSYS])
def test_a_file_system_without_locks_is_told_in_a_sentence_and_nothing_is_changed(number, copy, monkeypatch):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    set_profile(copy, "fan", "chess")
    monkeypatch.setattr(fcntl, "flock", fail)
    calls = [lambda: set_profile(copy, "fan", "space"), lambda: copy.lock().__enter__()]
    for call in calls:
        with pytest.raises(NewsroomError, match="the file system cannot lock this file") as raised:
            call()
        assert os.strerror(number) in str(raised.value) and ".lock" in str(raised.value)
    assert open_profiles(copy.profiles)().of("fan") == "chess"


def test_a_denied_lock_is_held_by_another_for_who_does_not_wait_and_an_error_for_who_waits(copy, monkeypatch):
    def deny(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(fcntl, "flock", deny)
    with pytest.raises(NewsroomError, match="another build, import or training is at work here"), copy.lock():
        pass
    with pytest.raises(NewsroomError, match="the file system cannot lock this file"):
        set_profile(copy, "fan", "space")


def test_what_a_killed_call_left_of_a_readers_words_is_gone_after_the_next_call(copy):
    set_profile(copy, "fan", "chess")
    for name in (".profiles.arrow.0123456789abcdef.part", ".mutes.arrow.77.part"):
        (copy.profiles.parent / name).write_bytes(b"secret words")
    set_profile(copy, "voter", "space")
    assert sorted(path.name for path in copy.profiles.parent.iterdir()) == [".lock", "profiles.arrow"]

import time

import pytest

from broadsheet import progress
from broadsheet.progress import LogLines, duration, pace, still_at_work, track


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves on; it starts at 1,000 seconds."""
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def work(clock, seconds, count):
    for number in range(count):
        clock[0] += seconds
        yield number


def test_a_log_gets_a_line_with_count_rate_and_time_left_each_half_minute(clock, capsys):
    for _ in track(range(6), "Ranking for users", total=340, weight=64):
        clock[0] += 16.0  # four readers a second
    assert capsys.readouterr().err.splitlines() == [
        "Ranking for users: 128 of 340, 4.0/s, 53 s left",
        "Ranking for users: 256 of 340, 4.0/s, 21 s left",
    ]


def test_a_training_that_goes_on_counts_only_its_own_steps_in_the_rate(clock, capsys):
    lines = LogLines("training [towers]")
    for done in (110, 120, 200):
        clock[0] += 20.0
        lines.step(done, total=200, before=100)
    assert capsys.readouterr().err.splitlines() == ["training [towers]: 120 of 200, 30.0/min, 3 min left"]


def test_quick_work_says_nothing_in_a_log(clock, capsys):
    assert list(track(work(clock, 0.01, 5), "Encoding articles", total=5)) == [0, 1, 2, 3, 4]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "done, total, seconds, said",
    [
        (0, 9, 5.0, ""),
        (50, 150, 2.0, "25/s, 4 s left"),
        (2865, 5730, 600, "4.8/s, 10 min left"),
        (1, 121, 60, "1.0/min, 2 h 0 min left"),
    ],
)
def test_pace_is_the_rate_so_far_and_the_time_left(done, total, seconds, said):
    assert pace(done, total, seconds) == said


def test_durations_are_in_the_unit_that_people_use():
    assert [duration(seconds) for seconds in (0.4, 99, 120, 5940, 7500)] == [
        "0 s",
        "99 s",
        "2 min",
        "99 min",
        "2 h 5 min",
    ]


def test_work_that_cannot_count_says_that_it_goes_on(monkeypatch):
    monkeypatch.setattr(progress, "EVERY", 0.05)
    said = []
    with still_at_work("index", said.append):
        deadline = time.monotonic() + 10
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
    assert said and set(said) == {"index: still at work after 0 s"}

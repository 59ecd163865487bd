"""Callers that wait share one write, and each gets its own answer."""

import signal
import threading
import time

import pytest

from broadsheet.errors import DiskError, InputError
from broadsheet.live.events.stores.group_commit import MOST, Appended, GroupCommit


class Writes:
    """Notes each group, and lets the first write last until others wait."""

    def __init__(self, failure=None):
        self.groups, self.go_on, self.failure = [], threading.Event(), failure

    def __call__(self, groups):
        self.groups.append([list(rows) for rows in groups])
        if len(self.groups) == 1:
            self.go_on.wait(10)
        elif self.failure and any(rows[0][0] == "bad" for rows in groups):
            raise self.failure
        return [len(rows) - 1 for rows in groups]


def sent(write, *calls):
    """The answers of callers that come one after the other while the first write lasts."""
    commit, answers = GroupCommit(write), {}

    def call(name, rows):
        try:
            answers[name] = commit(rows)
        except Exception as error:
            answers[name] = error

    threads = []
    for name, rows in calls:
        threads.append(threading.Thread(target=call, args=(name, rows)))
        threads[-1].start()
        waiting = len(threads) - 1
        while not write.groups or len(commit._waiting) < waiting:
            time.sleep(0.001)
    write.go_on.set()
    for thread in threads:
        thread.join(10)
    return answers


def test_those_who_come_during_a_write_share_the_next():
    write = Writes()
    answers = sent(write, ("a", [("a",)] * 3), ("b", [("b",)] * 4), ("c", [("c",)] * 2))
    assert write.groups == [[[("a",)] * 3], [[("b",)] * 4, [("c",)] * 2]]
    assert answers == {"a": Appended(2, 1), "b": Appended(3, 1), "c": Appended(1, 1)}


def test_a_group_is_bounded_and_a_caller_with_more_is_written_whole():
    write = Writes()
    sent(write, ("a", [("a",)]), ("b", [("b",)] * (MOST + 5)), ("c", [("c",)]), ("d", [("d",)]))
    assert [[len(rows) for rows in group] for group in write.groups] == [[1], [MOST + 5], [1, 1]]


def test_a_store_that_fails_is_told_to_all_who_waited_for_it():
    answers = sent(Writes(DiskError("full")), ("a", [("a",)]), ("b", [("bad",)]), ("c", [("c",)]))
    assert answers["a"] == Appended(0, 1) and answers["b"] is answers["c"] and str(answers["b"]) == "full"


@pytest.mark.parametrize("error", [OverflowError("seed"), InputError("out of range for type real")])
def test_rows_that_cannot_be_written_fail_their_own_caller_alone(error):
    answers = sent(Writes(error), ("a", [("a",)]), ("b", [("bad",)]), ("c", [("c",)]))
    assert answers["b"] is error and answers["c"] == Appended(0, 1)


def test_an_interrupted_leader_leaves_the_lead_to_the_next():
    def interrupted(groups):
        if groups[0][0] == ("a",):
            raise KeyboardInterrupt
        return [1]

    commit = GroupCommit(interrupted)
    with pytest.raises(KeyboardInterrupt):
        commit([("a",)])
    assert commit([("b",)]) == Appended(1, 0)


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals come to the main thread")
def test_an_interrupted_caller_that_waits_keeps_nobody_behind_it_waiting():
    write = Writes()
    commit, answers = GroupCommit(write), {}
    leader = threading.Thread(target=lambda: answers.update(a=commit([("a",)])))
    leader.start()
    while not write.groups:
        time.sleep(0.001)
    main = threading.main_thread().ident
    stop = threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGINT))
    stop.start()
    with pytest.raises(KeyboardInterrupt):
        commit([("b",)])
    behind = threading.Thread(target=lambda: answers.update(c=commit([("c",)])))
    behind.start()
    write.go_on.set()
    for thread in (leader, behind):
        thread.join(10)
    assert answers == {"a": Appended(0, 1), "c": Appended(0, 1)} and write.groups == [[[("a",)]], [[("c",)]]]

import threading

import pytest
import torch

from broadsheet.models.threads import in_order, stream


def test_batches_come_back_in_order_and_torch_keeps_its_threads():
    before = torch.get_num_threads()
    assert stream(lambda batch: batch * 2, [1, 2, 3, 4, 5], 2) == [2, 4, 6, 8, 10]
    assert stream(lambda batch: batch * 2, [], 2) == []
    torch.set_num_threads(before)


def test_each_batch_has_one_core_of_its_own():
    before = torch.get_num_threads()
    meeting = threading.Barrier(2, timeout=20)  # passed only by two that work at once

    def work(_: int) -> int:
        meeting.wait()
        return torch.get_num_threads()

    assert stream(work, [0, 1], 2) == [1, 1]
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_a_batch_alone_has_all_cores():
    threads = torch.get_num_threads()
    assert stream(lambda _: torch.get_num_threads(), [0], 8) == [threads]


def test_a_stream_without_end_is_worked_on_in_order_a_few_batches_ahead():
    before, begun = torch.get_num_threads(), []

    def batches():
        for number in range(10**9):
            begun.append(number)
            yield number

    found = in_order(lambda batch: (batch, torch.get_num_threads()), batches(), 2)
    assert [next(found) for _ in range(5)] == [(number, 1) for number in range(5)] and len(begun) <= 8
    found.close()
    assert torch.get_num_threads() == before
    assert list(in_order(lambda batch: batch + 1, [1, 2], 1)) == [2, 3] and list(in_order(str, [], 2)) == []
    torch.set_num_threads(before)


def test_an_error_in_a_batch_is_raised_in_its_turn():
    before, found = torch.get_num_threads(), in_order(lambda batch: 1 // batch, [1, 1, 0, 1], 2)
    assert [next(found), next(found)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)
    torch.set_num_threads(before)

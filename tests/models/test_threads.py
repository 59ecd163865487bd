import threading

import torch

from broadsheet.models.threads import stream


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

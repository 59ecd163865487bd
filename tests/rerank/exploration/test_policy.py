import pytest

from broadsheet.rerank.exploration.policy import Exploration


def test_the_version_changes_with_the_settings_that_the_policy_reads_and_with_no_other():
    soft = Exploration(policy="softmax", temperature=0.2)
    assert (
        len(soft.version) == 16 and soft.version == Exploration(policy="softmax", temperature=0.2, epsilon=0.9).version
    )
    others = [
        Exploration(policy="softmax", temperature=0.3),
        Exploration(policy="softmax", temperature=0.2, slots=1),
        Exploration(policy="epsilon-greedy"),
        Exploration(),
    ]
    assert len({soft.version, *(one.version for one in others)}) == 5
    assert soft.version == Exploration(policy="softmax", temperature=0.2, reader_slots=1).version
    assert Exploration().version == Exploration(slots=9, epsilon=0.5).version
    assert (
        Exploration(policy="softmax", temperature=1).version == Exploration(policy="softmax", temperature=1.0).version
    )


@pytest.mark.parametrize("today, budget", [(0, 3), (7, 3), (8, 2), (10, 0), (12, 0)])
def test_the_budget_of_a_page_is_what_the_readers_day_leaves(today, budget):
    assert Exploration(policy="softmax", slots=3, reader_slots=10).budget(today) == budget
    assert Exploration(slots=3, reader_slots=10).budget(today) == 0

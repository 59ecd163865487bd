import numpy as np
import pytest

from broadsheet.rerank.cross_encoder.remembered import RememberedScores


class Counting:
    """A cross-encoder that keeps what it read; its score is the number in the candidate's text."""

    def __init__(self):
        self.read = []

    def __call__(self, pairs):
        self.read += [candidate for _, candidate in pairs]
        return np.array([float(candidate.split()[1]) for _, candidate in pairs], np.float32)


def pairs(*numbers):
    return [("a headline", f"title {number}") for number in numbers]


def test_a_pair_is_read_once_also_where_it_stands_twice_in_one_call():
    score, known = Counting(), RememberedScores()
    assert known.scoring(["a", "b"], score)(pairs(1, 2, 1)).tolist() == [1.0, 2.0, 1.0]
    assert known.scoring(["c"], score)(pairs(2, 3)).tolist() == [2.0, 3.0]
    assert score.read == ["title 1", "title 2", "title 3"]
    assert len(known) == 3


def test_the_pairs_that_were_read_first_are_forgotten_beyond_the_most():
    score, known = Counting(), RememberedScores(most=2)
    scored = known.scoring(["a"], score)
    scored(pairs(1, 2, 3))
    assert len(known) == 2
    scored(pairs(1, 3))
    assert score.read == ["title 1", "title 2", "title 3", "title 1"]


def test_another_history_is_another_pair():
    score, known = Counting(), RememberedScores()
    known.scoring(["a"], score)([("one headline", "title 1"), ("another headline", "title 1")])
    assert score.read == ["title 1", "title 1"]


def test_the_scores_of_the_edition_are_taken_over_for_its_readers():
    from broadsheet.rerank.cross_encoder.pairs import pair_hash

    class Edition:
        def of(self, user_ids):
            return {pair_hash(pairs(7)[0]): np.float32(0.5)} if "fan" in user_ids else {}

    score, known = Counting(), RememberedScores(Edition())
    assert known.scoring(["fan"], score)(pairs(7)).tolist() == [0.5]
    assert known.scoring(["other"], score)(pairs(7)).tolist() == [7.0]


@pytest.mark.parametrize("numbers", [(), (1,)])
def test_few_pairs_and_no_pair_are_scored_too(numbers):
    assert RememberedScores().scoring([], Counting())(pairs(*numbers)).tolist() == [float(n) for n in numbers]

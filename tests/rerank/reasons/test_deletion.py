import numpy as np
import pytest

from broadsheet.rerank.reasons.deletion import History, ReadArticles
from tests.support.stage_contract import unit

READ = unit([[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [0, 0.9, 0.2]])
STORIES = unit([[1, 0.05, 0], [0.1, 1, 0.1], [0, 0, 1]])


def history(rows=(7, 8, 9, 10), worth=1.0, usual=0.5):
    nearness = STORIES @ READ.T
    return History(ReadArticles(np.array(rows), READ, np.full(4, worth)), nearness, np.full(nearness.shape, usual))


def likeness(story, kept):
    mean = READ[kept].sum(axis=0)
    return story @ mean / np.linalg.norm(mean)


def test_a_fall_is_the_likeness_to_the_mean_of_all_less_that_to_the_mean_of_the_rest():
    deleted = np.array([[True, True, False, False]] * 3)
    falls = history().falls(deleted)
    expected = [likeness(story, [0, 1, 2, 3]) - likeness(story, [2, 3]) for story in STORIES]
    assert falls.tolist() == [fall > 0.1 for fall in expected] == [True, False, False]


def test_nothing_falls_without_a_deletion_and_all_that_is_left_falls_with_the_whole_history():
    assert not history().falls(np.zeros((3, 4), np.bool_)).any()
    assert history().falls(np.ones((3, 4), np.bool_))[:2].all()


def test_the_nearest_articles_come_first_and_one_that_is_not_near_is_no_reason():
    rows, near = history().nearest()
    assert rows[:2].tolist() == [[7, 8, 9], [9, 10, 8]] and near[:2, 0].all()
    assert not near[2].any()  # the third story is like none of them


def test_an_article_read_twice_is_named_once_and_deleted_twice():
    rows, _ = history(rows=(7, 7, 9, 10)).nearest()
    assert sorted(rows[0].tolist()) == [7, 9, 10]


def test_a_section_read_once_is_not_read_often():
    stories = np.array([1, 2, -1])
    assert history().often(stories, np.array([1, 1, 2, -1])).tolist() == [True, False, False]


def test_articles_that_count_for_nothing_are_no_reason():
    assert not history(worth=0.0).nearest()[1].any()


@pytest.mark.parametrize("usual", [1.1, 2.0])
def test_no_article_is_near_where_all_others_are_as_near(usual):
    assert not history(usual=usual).nearest()[1].any()

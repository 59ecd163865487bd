import numpy as np

from broadsheet.generate.stories.followed_topics import FollowedTopics

VECTORS = {"space": [1.0, 0.0, 0.0], "sport": [0.0, 1.0, 0.0], "N1": [0.8, 0.6, 0.0], "N2": [0.0, 0.28, 0.96]}


def vectors(texts):
    return np.array([VECTORS[text] for text in texts], np.float32)


def interests(**follows):
    return FollowedTopics(lambda user_id: follows.get(user_id, ()), vectors, vectors)


def test_the_topic_most_like_the_article_is_the_interest():
    found = interests(maya=["space", "sport"], tom=["sport"])(["maya", "tom", "maya"], ["N1", "N1", "N1"])
    assert found == ["space", "sport", "space"]


def test_an_article_that_is_like_no_topic_has_no_interest():
    assert interests(maya=["space", "sport"])(["maya"], ["N2"]) == [""]


def test_readers_who_follow_nothing_have_no_interest():
    assert interests(maya=[])(["maya", "new"], ["N1", "N1"]) == ["", ""]
    assert interests()([], []) == []

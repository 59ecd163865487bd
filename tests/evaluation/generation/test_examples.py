"""The topics for which the generation benchmark writes headlines."""

import numpy as np

from broadsheet.evaluation.generation.examples import with_two_topics, withhold
from tests.support.tiny import make_news

ARTICLE = make_news(1)[0] | {"language": "", "content_hash": "0"}


def test_the_two_topics_of_an_article_are_the_nearest_that_are_not_one_in_other_words():
    examples = [withhold(ARTICLE), withhold({**ARTICLE, "body": "Okapi!"})]
    topics = ["xyz", "veltra", "Veltra again", "jobs"]
    vectors = {"xyz": (0, 0, 1), "veltra": (1, 0, 0), "Veltra again": (0.95, 0.3, 0), "jobs": (0, 1, 0)}
    leads = {examples[0].lead("headline"): (0.8, 0.6, 0), examples[1].lead("headline"): (1, 0, 0)}

    def read(texts):
        return np.array([leads[text] for text in texts], np.float32)

    def ask(texts):
        return np.array([vectors[text] for text in texts], np.float32)

    assert with_two_topics(examples, topics, read, ask) == [(examples[0], ("Veltra again", "jobs"))]
    assert with_two_topics(examples, topics[:1], read, ask) == []

"""Articles on one event, and an encoder that knows how alike their sentences are."""

from datetime import UTC, datetime, timedelta

import numpy as np

NOON = datetime(2017, 2, 13, 12, tzinfo=UTC)
FAILED = "The Oroville dam in northern California failed on Sunday evening after days of rain."
LEFT = "More than 180,000 people were ordered to leave their homes below the dam."
CROYLE = "“Everyone should have left hours ago,” William Croyle of the water agency said."
BROWN = "Governor Jerry Brown said that the state would send helicopters and soldiers."
CHURCH = "Volunteers in Chico opened a church hall for the families, according to Maria Lopez."
BUILT = "Engineers finished the tallest dam of the country in 1968 after seven years of work."
RAIN = "Forecasters expect heavy storms over the valley until Thursday night."


def article(number, *sentences, hours=0, source="", title=""):
    """A row of a NEWS table, published `hours` hours before noon."""
    return {
        "news_id": f"N{number}",
        "title": title or f"Title {number}",
        "abstract": "",
        "body": " ".join(sentences),
        "source": source or f"Paper {number}",
        "published_at": NOON - timedelta(hours=hours),
        "content_hash": f"{number:016x}",
    }


def vectors_of(articles):
    """All articles are of one direction, the event's."""
    found = np.zeros((len(articles), 64), np.float32)
    found[:, 0] = 1
    return found


class Encoder:
    """Gives each text a direction of its own, and the event's to the degree that `near` says; counts the texts."""

    def __init__(self, near=None, same=()):
        self.near, self.same, self.numbers, self.texts = near or {}, dict(same), {}, []

    def __call__(self, texts):
        found = np.zeros((len(texts), 64), np.float32)
        for row, text in enumerate(texts):
            self.texts.append(text)
            number = self.numbers.setdefault(self.same.get(text, text), 1 + len(self.numbers))
            near = self.near.get(text, 0.6)
            found[row, 0], found[row, number] = near, (1 - near * near) ** 0.5
        return found

"""What the tests of articles that enter and leave between nights share."""

from datetime import timedelta

from broadsheet.importers.transaction import Import
from broadsheet.nightly.build import build
from tests.support.tiny import START, make_newsroom

CUP = {"title": "Coach says cup goal", "abstract": "The team wins the match.", "category": "sports"}
ALL = {f"N{number}" for number in range(60)}


def make_clicked(path, encoder):
    """A newsroom with clicks, whose edition has every source of candidates at work."""
    room = make_newsroom(path, encoder)
    with Import(room) as add:
        add.clicks(
            [
                {"user_id": user, "news_id": f"N{number}", "time": START + timedelta(hours=57 + number / 60)}
                for user, numbers in (("fan", [0, 3, 12]), ("a", [0, 12, 15]), ("b", [3, 15, 18]), ("c", [12, 18, 21]))
                for number in numbers
            ]
        )
    build(room, "all")
    return room


def row(news_id, **values):
    """A late article."""
    return {**CUP, "news_id": news_id, "published_at": START + timedelta(hours=58), **values}


def ids(page):
    return page.stories["news_id"].to_pylist()


def everything(pipeline, reader="nobody"):
    """The page that holds all there is."""
    return pipeline.run(reader, len(pipeline.bench.data.catalogue.row_of))

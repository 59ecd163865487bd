from broadsheet.newsroom import given
from broadsheet.newsroom.given import most_stories
from broadsheet.pipeline import Pipeline


def test_a_page_has_a_thousand_stories_at_most_so_that_no_request_takes_a_minute(built, monkeypatch):
    assert [most_stories(k, 52_449) for k in (999, 1000, 1001, 10**20)] == [999, 1000, 1000, 1000]
    monkeypatch.setattr(given, "MOST_STORIES", 7)
    opened = Pipeline.open(built.path)
    assert len(opened.run("fan", 60).stories) == len(opened.ask("goal", 60).stories) == 7

import numpy as np
import pytest

from broadsheet.live.live_workbench import request_time
from broadsheet.pages.article_lists import latest, of_event, row_of, sections, similar, visible
from broadsheet.pipeline import Pipeline


@pytest.fixture(scope="module")
def pipeline(built):
    return Pipeline.open(built.path)


@pytest.fixture(scope="module")
def bench(pipeline):
    return pipeline.bench


@pytest.fixture(scope="module")
def as_of(bench):
    return request_time(bench)


def ids(bench, rows):
    return bench.data.catalogue.ids(rows).to_pylist()


def test_sections_are_the_categories_with_their_numbers_of_articles(bench, as_of):
    assert sections(bench, as_of) == [("politics", 20), ("science", 20), ("sports", 20)]


def test_the_latest_articles_come_newest_first_and_of_a_category_if_asked(bench, as_of):
    assert ids(bench, latest(bench, as_of)[:3]) == ["N59", "N58", "N57"]
    assert ids(bench, latest(bench, as_of, "sports")[:2]) == ["N57", "N54"]
    assert not len(latest(bench, as_of, "no such category"))


def test_an_article_of_the_future_is_not_visible(bench, as_of):
    before = as_of.replace(day=1, hour=5, minute=30)
    assert visible(bench, before).sum() == 6
    assert ids(bench, latest(bench, before)[:1]) == ["N5"]
    assert row_of(bench.data.catalogue, visible(bench, before), "N30") is None


def test_similar_articles_are_ordered_and_tell_no_story_twice(bench, as_of):
    found = similar(bench, 0, as_of)
    likeness = [like for _, like in found]
    assert found
    assert likeness == sorted(likeness, reverse=True)
    events = [set(of_event(bench, row, as_of).tolist()) for row in (0, *(row for row, _ in found))]
    assert not any(row in event for number, (row, _) in enumerate(found, 1) for event in events[:number])


def test_the_articles_on_an_event_are_in_order_of_time_and_contain_the_article(bench, as_of):
    rows = of_event(bench, 30, as_of)
    assert 30 in rows
    assert np.all(np.diff(bench.data.catalogue.published_at[rows]) >= 0)


def test_a_session_gets_a_page_by_what_was_read_in_it_and_nothing_is_kept(pipeline):
    page = pipeline.run_session(["N0", "N3", "unknown"], k=5)
    assert page.kind == "known"
    assert page.user_id == ""
    assert page.reader == "For a new reader"
    assert not {"N0", "N3"} & set(page.stories["news_id"].to_pylist())
    assert page.stories["category"].to_pylist()[0] == "sports"
    assert pipeline.events.last() == 0


def test_stories_of_articles_have_texts_in_the_order_of_the_ids(pipeline):
    found = pipeline.stories(["N3", "unknown", "N1"])
    assert found["news_id"].to_pylist() == ["N3", "N1"]
    assert all(found["headline"].to_pylist())


def test_what_is_known_of_readers_comes_in_the_order_of_the_ids(pipeline):
    fan, unknown = pipeline.readers(["fan", "unknown"])
    assert fan.user["history"] == ["N0", "N3", "N6"]
    assert unknown.kind == "new"

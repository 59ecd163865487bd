import dataclasses
import json

import numpy as np
import pytest

from broadsheet.corpus.impressions import read_split
from broadsheet.errors import CorpusError
from broadsheet.evaluation.pages.new_stories import (
    different_reasons,
    draw_stories,
    hold_back,
    measure_places,
    read_users,
)
from broadsheet.evaluation.pages.new_stories_report import measure_new_stories


@pytest.fixture(scope="module")
def readers(bench):
    """The newsroom's own readers of the shared workbench, and some that are made up."""
    return bench.readers(read_users(bench, 8))


def test_reasons_that_differ_in_the_day_alone_are_one_reason_and_only_the_page_counts():
    said = ["Because it is new: published on 1 May 2024.", "Because it is new: published on 2 May 2024.", "Because …"]
    rows = [{"user_id": "a", "rank": rank, "reason": reason} for rank, reason in enumerate(said, 1)]
    rows += [{"user_id": "a", "rank": 11, "reason": "beyond the page"}, {"user_id": "b", "rank": 1, "reason": "one"}]
    assert different_reasons(rows) == 1.5  # two of a, one of b
    assert different_reasons([]) == 0.0


def test_a_story_held_back_is_as_old_as_asked_and_has_the_new_clicks_alone(bench):
    row = int(bench.data.clicks.rows[0])
    held = hold_back(bench, row, 10, 3)
    now = held.data.as_of.timestamp()
    assert held.data.as_of == bench.data.as_of
    assert now - held.data.catalogue.published_at[row] == 600
    assert (now - held.data.clicks.times[held.data.clicks.rows == row]).tolist() == [600, 300.5, 1]
    assert not (held.data.exposures.rows == row).any()
    others = bench.data.clicks.rows[bench.data.clicks.rows != row]
    assert held.data.clicks.rows[held.data.clicks.rows != row].tolist() == others.tolist()
    assert np.delete(held.data.catalogue.published_at, row).tolist() == pytest.approx(
        np.delete(bench.data.catalogue.published_at, row).tolist(), nan_ok=True
    )


def test_where_times_are_whole_days_the_story_is_published_at_the_clock_and_asked_for_later(bench):
    days = np.floor(bench.data.catalogue.published_at / 86400) * 86400
    articles = dataclasses.replace(bench.data.catalogue, published_at=days)
    whole = bench.over(dataclasses.replace(bench.data, articles=articles))
    held = hold_back(whole, 0, 60, 0)
    assert (held.data.as_of - bench.data.as_of).total_seconds() == 3600
    assert held.data.catalogue.published_at[0] == bench.data.as_of.timestamp()


def test_the_stories_are_new_and_nobody_has_read_them(bench, readers):
    read = {row for reader in readers for row in reader.history}
    stories = draw_stories(bench, readers, 2)
    assert len(stories) == 2 and not read & {*stories}
    with pytest.raises(CorpusError, match="of 8 readers has read, expected 10000"):
        draw_stories(bench, readers, 10_000)


def test_a_story_with_400_clicks_in_the_last_hour_is_on_the_first_page_of_most_readers(bench, readers):
    (row,) = measure_places(bench, readers, draw_stories(bench, readers, 2), [(60, 400)])
    assert min(row["on_page_by_story"]) >= 6
    assert row["among_candidates"] >= 6
    assert row["median_place"] <= 10


def test_the_report_has_all_that_was_measured_and_no_title(bench):
    report = measure_new_stories(bench, "tiny", 5)
    document = json.loads(json.dumps(report.document))
    assert [row["minutes"] for row in document["rows"]["as it is"]] == [0, 10, 10, 10, 60, 60, 60]
    assert len(document["data"]["stories"]) == 4 and document["cost"] is None
    assert report.name == "new-stories-tiny" and "| as it is | 60 | 400 |" in report.markdown


def test_where_no_article_has_a_time_only_the_cost_is_measured(bench):
    articles = dataclasses.replace(bench.data.catalogue, published_at=np.full(len(bench.data.catalogue), np.nan))
    untimed = bench.over(dataclasses.replace(bench.data, articles=articles))
    split = read_split(bench.data.newsroom, articles, "valid")
    report = measure_new_stories(untimed, "untimed", 3, split, 12)
    assert report.document["rows"] == {} and not report.plots
    assert "no story can be new" in report.markdown
    kept, _ = report.document["cost"]["differences"]
    assert kept["mean"] == 0  # without times no place is kept

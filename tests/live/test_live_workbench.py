"""Articles that enter and leave between nights, as a running pipeline shows them."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.errors import CorpusError, InputError
from broadsheet.importers.transaction import Import
from broadsheet.live.articles import known_ids
from broadsheet.newsroom.journal import Journal
from broadsheet.pipeline import Pipeline
from broadsheet.tables.schemas import SOURCES
from tests.support.late_articles import ALL, everything, ids, row
from tests.support.tiny import START


def candidates(pipeline, source, reader="fan"):
    """What one source alone, without what fills a list, and all together find for a reader."""
    bench = pipeline.bench
    retriever = bench.make_retriever(weights={source: 1.0})
    readers = bench.readers(bench.data.readers.audience.state([reader], bench.data.as_of))
    return retriever(readers, retriever.vectors(readers), bench.data.as_of, k=100)["news_id"].to_pylist()


def test_an_added_article_is_on_the_next_page_of_this_process_and_of_every_other(room, opened):
    other = Pipeline.open(room.path)
    report = opened.add([row("X1"), row("X2", title="", abstract="The team wins. The coach says so.")])
    assert (report.taken, report.replaced, report.titles_made) == ({"news": 2}, {"news": 0}, 1)
    for pipeline in (opened, other, Pipeline.open(room.path)):
        assert set(ids(everything(pipeline))) == ALL | {"X1", "X2"}
        assert "X1" in ids(pipeline.ask("coach says cup goal", 5))
    assert opened.run("fan").edition == room.current().name


def test_a_late_article_is_among_the_candidates_of_each_source_that_knows_it(opened):
    opened.add([row("X1")])
    assert [source for source in SOURCES if "X1" in candidates(opened, source)] == [
        "two_tower",
        "popularity",
        "freshness",
        "co_click",
    ]
    bench = opened.bench
    readers = bench.readers(bench.data.readers.audience.state(["fan"], bench.data.as_of))
    table = bench.retriever(readers, bench.retriever.vectors(readers), bench.data.as_of, k=60)
    late = next(found for found in table.to_pylist() if found["news_id"] == "X1")
    assert late["two_tower"] > 0.5 and late["freshness"] > 0.9 and late["popularity"] > 0 and late["co_click"] is None


def test_an_update_replaces_the_text_everywhere_and_the_article_keeps_its_clicks(opened):
    before = everything(opened).stories.to_pylist()
    old = next(story for story in before if story["news_id"] == "N15")
    report = opened.add([row("N15", title="Coach says new goal")])
    assert report.replaced == {"news": 1}
    after = everything(opened)
    assert sorted(ids(after)) == sorted(ALL)  # once
    new = next(story for story in after.stories.to_pylist() if story["news_id"] == "N15")
    assert (new["title"], new["headline"]) == ("Coach says new goal", "Coach says new goal") and old["title"] != new[
        "title"
    ]
    assert new["signals"]["popularity"] == pytest.approx(old["signals"]["popularity"], abs=0.02)
    assert new["signals"]["popularity"] > 0.5
    assert "N15" in candidates(opened, "co_click")
    opened.add([row("N15", title="Coach says cup wins")])
    assert ids(everything(opened)).count("N15") == 1
    assert "Coach says cup wins" in everything(opened).stories["title"].to_pylist()


def test_an_update_keeps_the_click_rate_of_the_article_also_after_a_withdrawal(room):
    as_of = Pipeline.open(room.path).bench.data.as_of
    day_before = {"user_id": "fan", "time": as_of - timedelta(hours=24), "history": [], "propensity": None}
    with Import(room) as add:
        add.impressions(
            "shown",
            [
                {**day_before, "impression_id": str(number), "shown": ["N15", "N18"], "clicked": [True, False]}
                for number in range(100)
            ],
        )
    opened = Pipeline.open(room.path)
    # A showing of a day ago counts half, so each article has 50 showings, and a prior of 20 at the average rate, which
    # is 50 clicks of 100 showings: N15 has (50 + 10) / (50 + 20) of 0.5, N18 has (0 + 10) / (50 + 20) of it.
    rates = {"N15": math.log(60 / 70 / 0.5), "N18": math.log(10 / 70 / 0.5)}
    assert click_rates_of(opened, rates) == pytest.approx(rates, abs=1e-6)
    opened.add([row("N15", title="Coach says new goal")])
    assert "Coach says new goal" in everything(opened).stories["title"].to_pylist()
    assert click_rates_of(opened, rates) == pytest.approx(rates, abs=1e-6)
    opened.withdraw(["N15"])
    assert click_rates_of(opened, rates).keys() == {"N18"}
    opened.add([row("N15", title="Coach says goal again")])
    assert click_rates_of(opened, rates) == pytest.approx(rates, abs=1e-6)


def click_rates_of(pipeline, news_ids):
    """The click rates on the page of all articles."""
    stories = everything(pipeline).stories.to_pylist()
    return {story["news_id"]: story["signals"]["click_rate"] for story in stories if story["news_id"] in news_ids}


def test_an_update_of_what_was_read_is_the_reason_by_its_new_title(opened):
    opened.add([row("N0", title="Player league cup")])
    reasons = opened.run("fan", 10).stories.to_pylist()
    named = {story["because_title"] for story in reasons if story["because_news_id"] == "N0"}
    assert named <= {"Player league cup"} and "N0" not in ids(everything(opened, "fan"))


@pytest.mark.parametrize("news_id", ["N15", "X1"])
@pytest.mark.parametrize("reader", ["fan", "voter", "asker", "nobody", "stranger"])
def test_a_withdrawn_article_is_nowhere_on_the_next_page(room, opened, reader, news_id):
    opened.add([row("X1")])
    other = Pipeline.open(room.path)
    assert news_id in ids(everything(opened, reader))
    assert opened.withdraw([news_id]) == []
    for pipeline in (opened, other, Pipeline.open(room.path)):
        assert set(ids(everything(pipeline, reader))) == set(ids(everything(pipeline, reader))) - {news_id}
        assert news_id not in str(everything(pipeline, reader).to_dict())
        assert not [source for source in SOURCES if news_id in candidates(pipeline, source)]


def test_what_was_read_and_withdrawn_gives_no_reason_any_more(opened):
    because = {story["because_news_id"] for story in opened.run("fan", 10).stories.to_pylist()} - {None}
    assert because
    opened.withdraw(sorted(because))
    page = opened.run("fan", 10)
    assert not because & {story["because_news_id"] for story in page.stories.to_pylist()}
    assert not [title for title in page.stories["because_title"].to_pylist() if title in because]
    opened.withdraw(["N0", "N3", "N6", "N12"])
    assert opened.run("fan").kind == "new" and opened.run("fan").stories["because_news_id"].null_count == 10


def test_a_withdrawn_article_that_is_added_again_is_back(opened):
    opened.withdraw(["N15", "X1"])
    opened.add([row("N15", title="Back")])
    assert set(ids(everything(opened))) == ALL and "Back" in everything(opened).stories["title"].to_pylist()


def test_a_k_that_was_fine_before_a_withdrawal_gives_what_is_left(opened):
    opened.add([row("X1")])
    opened.withdraw(["N1", "N2"])
    assert [len(opened.run("nobody", k).stories) for k in (59, 61, 62)] == [59, 59, 59]


def test_when_all_articles_are_withdrawn_each_page_is_empty_and_says_so(room, opened):
    opened.withdraw(sorted(ALL))
    for pipeline in (opened, Pipeline.open(room.path)):
        pages = [*pipeline.run_many(["fan", "voter", "asker", "nobody", "stranger"]), pipeline.ask("space rocket")]
        assert [len(page.stories) for page in pages] == [0] * 6
        for page in pages:
            assert "There are no stories to show now." in str(page) and page.note in page.to_html()
    opened.add([row("X1")])
    assert ids(opened.run("fan")) == ["X1"]


def test_a_reader_who_has_read_all_that_is_left_has_an_empty_page(opened):
    opened.withdraw(sorted(ALL - {"N0", "N3"}))
    page = opened.run("fan")
    assert (page.kind, len(page.stories)) == ("known", 0) and page.note.startswith("There are no stories")
    assert len(opened.run("nobody").stories) == 2


def test_what_no_article_has_is_named_and_kept_from_being_imported(room, opened):
    assert opened.withdraw(["N1", "LATER", "N1"]) == ["LATER"]
    with Import(room) as add:
        add.news([{"news_id": "LATER", "title": "Too late"}, {"news_id": "N70", "title": "Fine"}])
    assert add.report.skipped == {"news: withdrawn": 1}
    assert known_ids(room) == (ALL | {"N70"}) - {"N1"}


@pytest.mark.parametrize("wrong", ["N1", [], [""], [None], [b"\xff"], ["N1", "\n"]])
def test_ids_that_cannot_be_used_withdraw_nothing(room, opened, wrong):
    with pytest.raises(InputError, match="ids: "):
        opened.withdraw(wrong)
    assert Journal(room).entries() == []


def test_rows_are_checked_as_those_of_an_import_and_nothing_is_added_where_all_are_bad(room, opened):
    report = opened.add(
        [row("X1"), row("X1"), row(""), row("X2", title="", abstract=""), row("X3", published_at="soon")]
    )
    assert report.skipped == {"news: duplicate id": 1, "news: empty id": 1} | {
        "news: no title and no text": 1,
    }
    assert report.notes == {"news: unreadable time, kept without a time": 1}
    assert set(ids(everything(opened))) == ALL | {"X1", "X3"}
    for bad in ([], [row("")]):
        with pytest.raises(CorpusError, match=r"not one row was taken .* Nothing was added"):
            opened.add(bad)
    assert len(Journal(room).entries()) == 1


def test_a_late_article_of_the_future_waits_for_its_time(room, opened):
    room.config_file.write_text(room.config_file.read_text().replace('clock = "latest"', 'clock = "now"'))
    pipeline = Pipeline.open(room.path)
    pipeline.add([row("X1", published_at=START.replace(year=2100)), row("X2", published_at=None)])
    assert set(ids(pipeline.run("nobody", 62))) == ALL | {"X2"}


def test_an_article_published_this_very_second_is_shown_at_once(room):
    room.config_file.write_text(room.config_file.read_text().replace('clock = "latest"', 'clock = "now"'))
    pipeline = Pipeline.open(room.path)
    pipeline.add([row("X1", published_at=datetime.now(UTC))])
    assert set(ids(everything(pipeline))) == ALL | {"X1"}


def test_the_time_of_an_archive_follows_its_latest_article(opened):
    opened.add([row("X1", published_at=START + timedelta(hours=100))])
    assert opened.run("fan").as_of == START + timedelta(hours=100, seconds=1)
    assert "X1" in ids(everything(opened))


@pytest.mark.parametrize("year", [2026, 2071])
def test_an_added_article_of_another_year_does_not_set_the_time_of_an_archive(opened, year):
    before = opened.run("fan").as_of
    opened.add([row("X1", published_at=START.replace(year=year))])
    assert opened.run("fan").as_of == before

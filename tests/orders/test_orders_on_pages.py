"""Orders on pages: in force with the next request of every process, in experiments, and in the next edition."""

import json
from datetime import timedelta

import pytest

from broadsheet.nightly.build import build
from broadsheet.orders.book import OrderBook
from broadsheet.orders.order import Boost, Bury, Cap, Knobs, Order, Rewrite
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import RANKED
from tests.orders.conftest import pin
from tests.support.late_articles import ids, row
from tests.support.tiny import START


@pytest.fixture
def two(copy):
    """A pipeline, another of the same newsroom, and the book of a third process."""
    return Pipeline.open(copy.path), Pipeline.open(copy.path), OrderBook(copy)


def test_pins_and_buried_articles_hold_with_the_next_request_of_every_pipeline_until_they_are_taken_off(two):
    one, other, book = two
    plain = {reader: ids(one.run(reader, 6)) for reader in ("fan", "nobody")}
    last, first = plain["nobody"][-1], plain["nobody"][0]
    pinned, buried = book.save(pin(last, 2), "Ann", 0), book.save(Order(what=Bury(news_id=first)), "Ann", 0)
    for pipeline in (one, other):
        page = ids(pipeline.run("nobody", 6))
        assert page[1] == last and first not in page
        assert pipeline.bench is pipeline.bench, "nothing is made again for the next request"
    assert last in ids(one.run_session([], k=6)) and first not in ids(one.ask("space rocket", 10))
    book.undo(buried.number, "Ann")
    book.remove(pinned.order_id, "Ann", pinned.number)
    assert {reader: ids(other.run(reader, 6)) for reader in plain} == plain


def test_boosts_caps_and_knobs_change_the_page_and_an_order_about_an_unknown_column_waits(two):
    one, _, book = two
    news = one.bench.data.catalogue.news
    category = dict(zip(news["news_id"].to_pylist(), news["category"].to_pylist(), strict=True))
    book.save(Order(what=Boost(column="author", value="Ann", lift=1)), "Ann", 0)
    plain = ids(one.run("nobody", 8))
    boosted = book.save(Order(what=Boost(column="category", value="science", lift=2)), "Ann", 0)
    assert {category[news_id] for news_id in ids(one.run("nobody", 5))} == {"science"}
    book.remove(boosted.order_id, "Ann", boosted.number)
    book.save(Order(what=Cap(column="category", value="science", most=1)), "Ann", 0)
    assert [category[news_id] for news_id in ids(one.run("nobody", 8))].count("science") == 1
    book.save(Order(what=Knobs(diversity=0, freshness=0, popularity=3, exploration=2)), "Ann", 0)
    config = one.bench.models.config
    assert (config.rerank.diversity, config.rerank.weights.freshness, config.rerank.weights.popularity) == (0, 0, 3)
    assert (config.exploration.policy, config.exploration.slots) == ("epsilon-greedy", 2)
    assert one.run("nobody", 8).policy == "epsilon-greedy" and len(plain) == 8


def test_a_rewritten_story_has_the_editors_words_until_its_text_changes(two):
    one, other, book = two
    article = one.bench.data.catalogue.news.slice(59, 1).to_pylist()[0]
    words = Rewrite(
        news_id=article["news_id"],
        content_hash=article["content_hash"],
        headline="<b>Ours</b>",
        summary="Our own summary.",
    )
    book.save(Order(what=words), "Ann", 0, note="headline: name Ours")
    book.save(pin(article["news_id"], 1), "Ann", 0)
    story = other.run("nobody", 3).stories.to_pylist()[0]
    assert (story["headline"], story["summary"]) == ("<b>Ours</b>", "Our own summary.")
    assert story["method"] == {"headline": "editor", "summary": "editor"} and not story["checks"]
    page = other.run("nobody", 3)
    assert "in the editor’s words" in page.to_html() and "<b>Ours" not in page.to_html()
    one.add(row(article["news_id"], title="Another title altogether"))
    assert one.run("nobody", 3).stories["headline"][0].as_py() != "<b>Ours</b>"


def test_an_experiments_arms_are_under_the_orders_too(copy):
    arms = {"less": {}, "more": {"rerank": {"diversity": 0.9}}}
    lines = [
        f"[experiments.try.arms.{name}]\nsettings = {{ rerank = {{ diversity = {0.9 if arms[name] else 0.5} }} }}"
        for name in arms
    ]
    copy.config_file.write_text("\n".join([copy.config_file.read_text("utf-8"), *lines]) + "\n", "utf-8")
    pipeline, book = Pipeline.open(copy.path), OrderBook(copy)
    last = ids(pipeline.run("fan", 6))[-1]
    saved = book.save(pin(last, 1), "Ann", 0)
    assert ids(pipeline.run("fan", 6))[0] == last and pipeline.run("fan", 6).experiment == "try"
    book.remove(saved.order_id, "Ann", saved.number)
    assert ids(pipeline.run("fan", 6))[-1] == last


def test_an_interleaved_page_keeps_an_editors_slot_and_a_click_there_is_no_vote(copy):
    text = """[experiments.mix]
kind = "interleaving"
[experiments.mix.arms.one]
[experiments.mix.arms.two.settings.rerank.weights]
two_tower = 0.0
freshness = 9.0
"""
    copy.config_file.write_text(f"{copy.config_file.read_text('utf-8')}\n{text}", "utf-8")
    pipeline, book = Pipeline.open(copy.path), OrderBook(copy)
    last = ids(pipeline.run("nobody", 6))[-1]
    for slot in (1, 4):
        book.save(pin(last, slot), "Ann", book().version(pin(last).order_id))
        for page in [pipeline.run("nobody", 6) for _ in range(8)]:
            assert ids(page)[slot - 1] == last and len(set(ids(page))) == 6
            assert page.arm[slot - 1] == "-" and page.policy == "team-draft"
            assert page.stories["propensity"][slot - 1].as_py() == page.stories["conditional"][slot - 1].as_py() == 1.0


def test_a_build_honours_the_orders(copy, book):
    book.save(pin("N59", 2), "Ann", 0)
    edition = build(copy, ["fan", "nobody"])
    ranked = read_table(edition.ranked, RANKED).to_pylist()
    assert {one["user_id"] for one in ranked if (one["news_id"], one["rank"]) == ("N59", 2)} == {"fan", "nobody"}
    assert json.loads(edition.manifest.read_text("utf-8"))["config"]["filters"]["slots"] == {
        "N59": {"slot": 2, "categories": []}
    }


def test_of_one_event_the_pinned_article_alone_is_on_the_page_of_every_pipeline(two, copy):
    one, other, book = two
    for number, hours in (("M1", 0), ("M2", 1)):
        one.add(row(number, title="Rocket lands on the moon", published_at=START + timedelta(hours=58 + hours)))
    (best,) = {"M1", "M2"} & {*ids(one.run("nobody", 6))}
    (held,) = {"M1", "M2"} - {best}
    book.save(pin(held, 5), "Ann", 0)
    for pipeline in (one, other, Pipeline.open(copy.path)):
        page = ids(pipeline.run("nobody", 6))
        assert page[4] == held and best not in page

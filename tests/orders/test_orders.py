"""Orders of editors: kept, changed, undone, and in force on pages with the next request of every process."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from pydantic import ValidationError

from broadsheet.errors import ContractError, InputError
from broadsheet.nightly.build import build
from broadsheet.orders.book import FILE, OrderBook, OrderConflict
from broadsheet.orders.in_force import in_force
from broadsheet.orders.order import Boost, Bury, Cap, Knobs, Order, Pin, Rewrite
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.live_schemas import ORDERS
from broadsheet.tables.schemas import RANKED
from tests.support.late_articles import ids, row

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def book(copy):
    return OrderBook(copy)


def pin(news_id, slot=1, category="", **times):
    return Order(what=Pin(news_id=news_id, slot=slot, category=category), **times)


def test_what_was_ordered_is_kept_with_who_and_when_and_another_process_sees_it(copy, book):
    before = datetime.now(UTC)
    change = book.save(pin("N1", 3), "Ann", 0)
    (seen,) = OrderBook(copy)().standing
    assert seen == change and seen.editor == "Ann" and seen.order == pin("N1", 3) and seen.number == 1
    assert before - timedelta(milliseconds=1) <= seen.time <= datetime.now(UTC)


def test_the_same_thing_ordered_again_changes_the_order_and_each_step_can_be_undone(book):
    first = book.save(pin("N1", 3), "Ann", 0)
    second = book.save(pin("N1", 5), "Bob", first.number)
    assert [change.order for change in book().standing] == [pin("N1", 5)]
    undone = book.undo(second.number, "Ann")
    assert undone.order == pin("N1", 3) and undone.undoes == second.number
    removed = book.remove(first.order_id, "Ann", undone.number)
    assert not book().standing and removed.order is None
    assert book.undo(removed.number, "Ann").order == pin("N1", 3), "what was taken off can be put back"
    book.remove(first.order_id, "Ann", 5)
    assert book.save(pin("N1", 9), "Bob", 0).number == 7, "to who saw no order it is a new one"


def test_an_editor_who_saw_an_earlier_version_is_told_what_changed_and_changes_nothing(book):
    first = book.save(pin("N1", 3), "Ann", 0)
    book.save(pin("N1", 5), "Bob", first.number)
    for attempt in (
        lambda: book.save(pin("N1", 7), "Ann", first.number),
        lambda: book.save(pin("N1", 7), "Ann", 0),
        lambda: book.remove(first.order_id, "Ann", first.number),
        lambda: book.undo(first.number, "Ann"),
    ):
        with pytest.raises(OrderConflict, match=r"Bob changed it at .*Pin N1 to slot 5") as found:
            attempt()
        assert found.value.change.editor == "Bob"
    assert len(book().changes) == 2


def test_of_many_editors_at_once_each_order_is_kept_and_of_one_order_only_one_change(copy):
    conflicts = []

    def edit(number):
        mine = OrderBook(copy)
        mine.save(pin(f"N{number}"), f"editor {number}", 0)
        try:
            mine.save(Order(what=Knobs(diversity=number / 10)), f"editor {number}", 0)
        except OrderConflict as conflict:
            conflicts.append(conflict)

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changes = OrderBook(copy)().changes
    assert {one.order.news_id for one in changes if one.order.news_id} == {f"N{number}" for number in range(6)}
    assert len(conflicts) == 5 and [one.number for one in changes] == [*range(1, 8)]


def test_what_cannot_be_undone_or_taken_off_is_said(book):
    with pytest.raises(InputError, match="found 1, expected the number of a change"):
        book.undo(1, "Ann")
    with pytest.raises(InputError, match="expected the id of an order that stands"):
        book.remove("0" * 16, "Ann", 0)


def test_a_lost_table_of_orders_is_not_taken_for_no_orders(copy, book):
    book.save(pin("N1"), "Ann", 0)
    (copy.path / FILE).unlink()
    with pytest.raises(ContractError, match="missing, though editors' orders were written to it"):
        OrderBook(copy)()


def test_a_change_that_cannot_be_written_is_no_change_and_one_killed_after_the_table_stands(copy, book, monkeypatch):
    def fails(*_):
        raise OSError("killed")

    first = book.save(pin("N1"), "Ann", 0)
    for place, kept in (("write_table", 1), ("write_note", 2)):
        with monkeypatch.context() as patched:
            patched.setattr(f"broadsheet.orders.book.{place}", fails)
            with pytest.raises(OSError, match="killed"):
                book.save(pin("N1", 5), "Ann", first.number)
        assert len(OrderBook(copy)().changes) == kept
    assert book.save(pin("N1", 7), "Ann", 2).number == 3


def test_a_table_put_back_from_a_copy_is_read_from_its_beginning(copy, book):
    book.save(pin("N1", 1), "Ann", 0)
    copied = (copy.path / FILE).read_bytes()
    book.save(pin("N2", 1), "Ann", 0)
    assert len(book().changes) == 2
    (copy.path / FILE).write_bytes(copied)
    assert [one.order.news_id for one in book().changes] == ["N1"]
    book.save(pin("N3", 1), "Ann", 0)
    assert [one.order.news_id for one in book().changes] == ["N1", "N3"]


def test_a_damaged_table_and_an_order_that_cannot_be_read_are_told(copy, book):
    book.save(pin("N1"), "Ann", 0)
    table = read_table(copy.path / FILE, ORDERS)
    wrong = table.set_column(4, table.schema.field(4), pa.array(['{"what": {"kind": "shout"}}']))
    write_table(copy.path / FILE, wrong, ORDERS)
    with pytest.raises(ContractError, match="change 1 has an order that cannot be read"):
        OrderBook(copy)()
    (copy.path / FILE).write_bytes(b"nothing of the kind")
    for act in (book, lambda: book.save(pin("N2"), "Ann", 0)):
        with pytest.raises(ContractError, match=r"orders\.arrow"):
            act()


@pytest.mark.parametrize(
    "what",
    [
        {"kind": "pin", "news_id": "N1", "slot": 0},
        {"kind": "pin", "news_id": "", "slot": 1},
        {"kind": "pin", "news_id": "N1", "slot": 101},
        {"kind": "pin", "news_id": "N1", "where": 1},
        {"kind": "bury", "news_id": "N\u202e1"},
        {"kind": "boost", "column": "tags", "value": "x", "lift": 2.1},
        {"kind": "boost", "column": "tags", "value": "x", "lift": float("nan")},
        {"kind": "cap", "column": "tags", "value": "x", "most": 0},
        {"kind": "rewrite", "news_id": "N1", "content_hash": "no", "headline": "A"},
        {"kind": "rewrite", "news_id": "N1", "content_hash": "0" * 16, "headline": "A" * 301},
        {"kind": "rewrite", "news_id": "N1", "content_hash": "0" * 16, "headline": "A\nB"},
        {"kind": "knobs", "diversity": 1.5},
        {"kind": "shout"},
    ],
)
def test_an_order_out_of_bounds_is_refused(what):
    with pytest.raises(ValidationError):
        Order(what=what)


def test_an_order_that_ends_before_it_begins_or_has_a_time_without_a_zone_is_refused():
    with pytest.raises(ValidationError, match="not after starts"):
        pin("N1", starts=NOW, ends=NOW)
    with pytest.raises(ValidationError):
        pin("N1", starts=datetime(2026, 1, 1))
    for far in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(ValidationError, match="from 1970 to 2200"):
            pin("N1", starts=far)


def test_orders_begin_and_end_at_their_times_to_the_moment():
    orders = [pin("N1", starts=NOW, ends=NOW + HOUR), Order(what=Bury(news_id="N2"), ends=NOW)]
    just_before = in_force(orders, NOW - timedelta(microseconds=1))
    assert not just_before.slots and just_before.buried == ["N2"] and just_before.until == NOW
    during = in_force(orders, NOW)
    assert [*during.slots] == ["N1"] and not during.buried and (during.since, during.until) == (NOW, NOW + HOUR)
    assert in_force(orders, NOW + HOUR).is_empty


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

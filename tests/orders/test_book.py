"""The book of editors' orders: kept, changed and undone, with what other editors and processes do."""

import threading
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from broadsheet.errors import ContractError, InputError
from broadsheet.orders.book import FILE, OrderBook, OrderConflict
from broadsheet.orders.order import Knobs, Order
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.live_schemas import ORDERS
from tests.orders.conftest import pin


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

from decimal import Decimal

import pytest

from broadsheet.tables.values import SkipRow, checked_flag, checked_id, checked_number, is_missing

ENDLESS = 10**5000
"""A whole number of more digits than Python writes."""


class Unwritable:
    """A value of the caller's own that cannot be written."""

    def __str__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize("value", [ENDLESS, Unwritable()], ids=["endless", "unwritable"])
def test_a_value_that_cannot_be_written_is_refused_with_its_type(value):
    for check in (lambda: checked_number(value, "seconds", 10.0), lambda: checked_flag(value, "is_paid")):
        with pytest.raises(SkipRow) as refused:
            check()
        assert f"found a value of type {type(value).__name__}" in refused.value.example


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Decimal("1e999999999"), "id longer than 256 characters"),
        (Decimal("sNaN"), "id is neither text nor a whole number"),
        (Decimal("-Infinity"), "id is neither text nor a whole number"),
        (float("inf"), "id is neither text nor a whole number"),
        (1e300, "id longer than 256 characters"),
        (ENDLESS, "id longer than 256 characters"),
    ],
    ids=["decimal", "signal", "infinite decimal", "infinite", "float", "endless"],
)
def test_a_number_that_cannot_be_an_id_is_refused_at_once(value, reason):
    with pytest.raises(SkipRow, match=reason):
        checked_id(value)


def test_whole_numbers_of_any_type_are_ids():
    assert [checked_id(value) for value in (7, 7.0, Decimal("7.00"), Decimal("1e3"))] == ["7", "7", "7", "1000"]


def test_a_decimal_that_signals_is_a_value_and_not_a_missing_one():
    assert not is_missing(Decimal("sNaN")) and is_missing(Decimal("NaN"))

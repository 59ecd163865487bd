"""Numbers as the operator's pages write them."""

from __future__ import annotations

_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def number(value: float) -> str:
    """Return a number with commas; a whole number without decimals."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def share(value: float) -> str:
    """Return a share of 1 as a percentage."""
    return f"{100 * value:.1f} %"


def bytes_in_words(value: float) -> str:
    """Return bytes in the largest unit in which they are 1 or more; a KB is 1,000 bytes."""
    unit = 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:,.0f} {_UNITS[unit]}" if unit == 0 or value >= 100 else f"{value:.1f} {_UNITS[unit]}"


def seconds_in_words(value: float) -> str:
    """Return a duration in milliseconds, seconds, minutes, hours or days, whichever reads best."""
    if value < 1:
        return f"{1000 * value:.1f} ms" if value < 0.1 else f"{1000 * value:.0f} ms"
    if value < 120:
        return f"{value:.1f} s"
    for seconds, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if value >= 2 * seconds:
            return f"{value / seconds:.1f} {name}"
    return f"{value / 60:.1f} minutes"

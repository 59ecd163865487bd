"""What a Parquet file says of its own size, read from its footer.

pyarrow tells the same, but a damaged statistic in a footer ends the process there: nothing catches that exception.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ROW_GROUPS, _COLUMNS, _META, _PATH, _VALUES, _UNCOMPRESSED = 4, 1, 3, 3, 5, 6
"""Numbers of the fields in Parquet's own description of its footer."""
_MOST_DEPTH = 20


def column_sizes(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield for each column of each row group its name, how many values it holds, and their bytes before packing.

    Raises ValueError if the footer is damaged.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 8))
        length, mark = int.from_bytes(file.read(4), "little"), file.read(4)
        if mark != b"PAR1" or length + 12 > size:
            raise ValueError("the file has no whole footer")
        file.seek(size - 8 - length)
        footer = _Compact(file.read(length))
    try:
        for group in footer.struct(0)[_ROW_GROUPS]:
            for column in group[_COLUMNS]:
                meta = column[_META]
                yield meta[_PATH][0].decode(), meta[_VALUES], meta[_UNCOMPRESSED]
    except (IndexError, KeyError, TypeError, AttributeError) as error:
        raise ValueError("the footer is damaged") from error


class _Compact:
    """A reader of Thrift's compact form, in which footers are written: structures as mappings from field numbers."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def struct(self, depth: int) -> dict[int, Any]:
        if depth > _MOST_DEPTH:
            raise ValueError("the footer is nested too deep")
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._signed()
            kind = head & 15
            fields[number] = kind == 1 if kind in (1, 2) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:  # noqa: ANN401
        match kind:
            case 1 | 2 | 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._signed()
            case 7:
                return self._bytes(8)
            case 8:
                return self._bytes(self._unsigned())
            case 9 | 10:
                head = self._byte()
                count = self._unsigned() if head >> 4 == 15 else head >> 4
                return [self._value(head & 15, depth + 1) for _ in range(self._checked(count))]
            case 11:
                count = self._checked(self._unsigned())
                kinds = self._byte() if count else 0
                return [(self._value(kinds >> 4, depth + 1), self._value(kinds & 15, depth + 1)) for _ in range(count)]
            case 12:
                return self.struct(depth + 1)
        raise ValueError("the footer is damaged")

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, count: int) -> bytes:
        self._at += self._checked(count)
        return self._data[self._at - count : self._at]

    def _checked(self, count: int) -> int:
        if count > len(self._data) - self._at:
            raise ValueError("the footer is damaged")
        return count

    def _unsigned(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise ValueError("the footer is damaged")
        return value | byte << shift

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

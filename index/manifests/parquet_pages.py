"""How large a Parquet file becomes when it is decoded, read from the headers of its pages.

A page may say "the same value a billion times" in a few bytes, and what the file's footer says of
it need not be true: the decoder goes by the pages. So their headers are looked at, one after the
other, before anything is decoded. (Apache Parquet format, PageHeader in Thrift's compact protocol.)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ManifestError
from ..files.regular import open_regular
from ..settings import settings

_RATIO = 8  # times as large as it is stored a file may always become
_LEVELS = 4  # bytes that say where a value belongs
_PAGE = 64  # bytes that a page costs at least
_WINDOW, _LONGEST_HEADER = 1 << 12, 1 << 24  # of a page, in bytes
_LONGEST_FOOTER = 64 << 20
_DEEPEST = 16
_END = b"PAR1"

# Bytes of a value by the numbers of the format's types: boolean, int32, int64, int96, float,
# double, and a text, which is read as a number in a list of different ones. Others state theirs.
_WIDTHS = (1, 4, 8, 12, 4, 8, 4)

# Numbers of fields in the format's definition.
_SCHEMA, _GROUPS = 2, 4  # of FileMetaData
_TYPE, _LENGTH, _CHILDREN = 1, 2, 5  # of SchemaElement
_COLUMNS = 1  # of RowGroup
_ABOUT = 3  # of ColumnChunk
_STORED, _DATA, _DICTIONARY = 7, 9, 11  # of ColumnMetaData: its size, and where its pages begin
_UNCOMPRESSED, _COMPRESSED, _COUNTS = 2, 3, (5, 7, 8)  # of PageHeader

_FAULTS = (OSError, ValueError, OverflowError, KeyError, IndexError, TypeError, AttributeError)


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file that does not become much larger than it is.

    Texts come as numbers in lists of the different ones: what is repeated is held once.

    Raises:
        ManifestError: it cannot be read, or becomes larger than `HOLOTYPE_MAX_EXPANDED_BYTES`.
    """
    try:
        _check_expansion(path)
        schema = pq.ParquetFile(path, pre_buffer=False).schema_arrow
        texts = [field.name for field in schema if _is_text(field.type)]
        return pq.ParquetFile(path, pre_buffer=False, buffer_size=4 << 20, read_dictionary=texts)
    except (*_FAULTS, pa.ArrowException) as error:
        said = getattr(error, "strerror", None) or str(error)
        reason = " ".join(said.split()) or type(error).__name__
        raise ManifestError(
            f"{path} cannot be read as a table ({reason}); write it again as Parquet"
        ) from error


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_binary(kind) or types.is_large_string(kind))


def _check_expansion(path: Path) -> None:
    stored = path.stat().st_size
    limit = max(settings().max_expanded_bytes, _RATIO * stored)
    total = 0
    with open_regular(path) as opened:
        for size in _sizes(opened, stored):
            total += size
            if total > limit:
                raise ManifestError(
                    f"{path} of {stored} bytes becomes larger than {limit} bytes when it is "
                    "decoded (HOLOTYPE_MAX_EXPANDED_BYTES); check it, write it without repeated "
                    "values, or raise the limit"
                )


def _sizes(opened: BinaryIO, stored: int) -> Iterator[int]:
    """Yield how many bytes every page of a file becomes.

    pyarrow's own view of the footer is not asked: a damaged one ends the process.
    """
    footer = _footer(opened, stored)
    leaves = [element for element in footer[_SCHEMA] if not element.get(_CHILDREN)]
    widths = [_width(element) for element in leaves]
    for group in footer.get(_GROUPS, []):
        for width, column in zip(widths, group[_COLUMNS], strict=True):
            yield from _sizes_of(opened, column[_ABOUT], width)


def _footer(opened: BinaryIO, stored: int) -> dict[int, Any]:
    opened.seek(max(0, stored - 8))
    end = opened.read(8)
    length = int.from_bytes(end[:4], "little")
    if end[4:] != _END or length > stored - 12:
        raise ValueError("it does not end as a Parquet file")
    if length > _LONGEST_FOOTER:
        raise ValueError(f"its footer is longer than {_LONGEST_FOOTER} bytes")
    opened.seek(stored - 8 - length)
    return _Compact(opened.read(length)).struct()


def _width(element: dict[int, Any]) -> int:
    kind = element[_TYPE]
    width: int = _WIDTHS[kind] if 0 <= kind < len(_WIDTHS) else element[_LENGTH]
    return width


def _sizes_of(opened: BinaryIO, about: dict[int, Any], width: int) -> Iterator[int]:
    place = min(start for start in (about[_DATA], about.get(_DICTIONARY)) if start)
    end = place + about[_STORED]
    while place < end:
        header, length = _header_at(opened, place)
        counts = [header[field].get(1, 0) for field in _COUNTS if field in header]
        if min(header[_COMPRESSED], header[_UNCOMPRESSED], *counts, width) < 0:
            raise ValueError("a page has a negative size")
        yield _PAGE + max(header[_UNCOMPRESSED], sum(counts) * (width + _LEVELS))
        place += length + header[_COMPRESSED]


def _header_at(opened: BinaryIO, place: int) -> tuple[dict[int, Any], int]:
    """Return a page's header, and how many bytes it takes."""
    for window in (_WINDOW, _LONGEST_HEADER):
        opened.seek(place)
        reader = _Compact(opened.read(window))
        try:
            header = reader.struct()
        except IndexError:  # it ends beyond the window
            continue
        if not {_COMPRESSED, _UNCOMPRESSED} <= header.keys():
            break
        return header, reader.place
    raise ValueError("a page has no header")


class _Compact:
    """Reads structs of Thrift's compact protocol.

    Raises:
        IndexError: the data ends too early.
        ValueError: they are no such struct.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Return the fields of a struct by their numbers."""
        self._check(depth)
        fields: dict[int, Any] = {}
        number = 0
        while byte := self._byte():
            kind, step = byte & 15, byte >> 4
            number = number + step if step else self._number()
            fields[number] = self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._number()
        if kind in (7, 8):
            return self._bytes(8 if kind == 7 else self._varint())
        if kind in (9, 10):
            return self._list(depth)
        if kind == 12:
            return self.struct(depth + 1)
        raise ValueError("a header is none of Parquet")

    def _list(self, depth: int) -> list[Any]:
        self._check(depth)
        byte = self._byte()
        kind, count = byte & 15, byte >> 4
        count = self._varint() if count == 15 else count
        if kind in (1, 2):
            return list(self._bytes(count))
        return [self._value(kind, depth + 1) for _ in range(count)]

    @staticmethod
    def _check(depth: int) -> None:
        if depth > _DEEPEST:
            raise ValueError("its header is nested too deeply")

    def _byte(self) -> int:
        self.place += 1
        return self._data[self.place - 1]

    def _bytes(self, count: int) -> bytes:
        self.place += count
        if self.place > len(self._data):
            raise IndexError("it ends too early")
        return self._data[self.place - count : self.place]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number is too long")

    def _number(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

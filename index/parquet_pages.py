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

from .errors import ManifestError
from .settings import settings

_RATIO = 8  # a file may always become so many times as large
_LEVELS = 4  # bytes that say where a value belongs
_PAGE = 64  # bytes that a page costs at least
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
_INDEX = 4  # of a text, which is read as a number in a list of different ones
_WINDOW, _LONGEST_HEADER = 1 << 12, 1 << 24  # as long as a decoder takes

# Fields of a PageHeader: sizes of the page, and the headers that say how many values it has.
_UNCOMPRESSED, _COMPRESSED, _COUNTS = 2, 3, (5, 7, 8)


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file that does not become much larger than it is.

    Texts come as numbers in lists of the different ones: what is repeated is held once.

    Raises:
        ManifestError: it cannot be read, or becomes larger than `HOLOTYPE_MAX_EXPANDED_BYTES`.
    """
    try:
        plain = pq.ParquetFile(path, pre_buffer=False)
        _check_expansion(path, plain)
        texts = [
            column.path
            for column in map(plain.schema.column, range(len(plain.schema.names)))
            if column.physical_type == "BYTE_ARRAY" and "." not in column.path
        ]
        return pq.ParquetFile(path, pre_buffer=False, buffer_size=4 << 20, read_dictionary=texts)
    except (OSError, ValueError, OverflowError, RecursionError, pa.ArrowException) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ManifestError(
            f"{path} cannot be read as a table ({reason}); write it again as Parquet"
        ) from error


def _check_expansion(path: Path, file: pq.ParquetFile) -> None:
    stored = path.stat().st_size
    limit = max(settings().max_expanded_bytes, _RATIO * stored)
    total = 0
    with path.open("rb") as opened:
        for group in range(file.metadata.num_row_groups):
            for column in range(file.metadata.num_columns):
                for size in _sizes(opened, file, group, column):
                    total += size
                    if total > limit:
                        raise ManifestError(
                            f"{path} of {stored} bytes becomes larger than {limit} bytes when it "
                            "is decoded (HOLOTYPE_MAX_EXPANDED_BYTES); check it, write it without "
                            "repeated values, or raise the limit"
                        )


def _sizes(opened: BinaryIO, file: pq.ParquetFile, group: int, column: int) -> Iterator[int]:
    """Yield how many bytes every page of a column becomes."""
    chunk = file.metadata.row_group(group).column(column)
    described = file.schema.column(column)
    width = _WIDTHS.get(described.physical_type, _INDEX)
    if described.physical_type == "FIXED_LEN_BYTE_ARRAY":
        width = described.length
    starts = (chunk.data_page_offset, chunk.dictionary_page_offset)
    place = min(start for start in starts if start is not None and start > 0)
    end = place + chunk.total_compressed_size
    while place < end:
        header, length = _header_at(opened, place)
        counts = [header[field].get(1, 0) for field in _COUNTS if field in header]
        if min(header[_COMPRESSED], header[_UNCOMPRESSED], *counts, 0) < 0:
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
    """Reads the whole numbers and structs of Thrift's compact protocol, and passes over the rest.

    Raises:
        IndexError: the data ends too early.
        ValueError: they are no such struct.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Return the fields of a struct by their numbers."""
        if depth > 8:
            raise ValueError("a header is nested too deeply")
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
            return self._skip(8 if kind == 7 else self._varint())
        if kind in (9, 10):
            return self._list(depth)
        if kind == 12:
            return self.struct(depth + 1)
        raise ValueError("a header is none of Parquet")

    def _list(self, depth: int) -> None:
        byte = self._byte()
        kind, count = byte & 15, byte >> 4
        for _ in range(self._varint() if count == 15 else count):
            if kind in (1, 2):
                self._byte()
            else:
                self._value(kind, depth + 1)

    def _byte(self) -> int:
        self.place += 1
        return self._data[self.place - 1]

    def _skip(self, count: int) -> None:
        self.place += count
        if self.place > len(self._data):
            raise IndexError

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

"""The letters of a text file: UTF-8, UTF-16 or UTF-32, and whatever else as Windows-1252."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ...errors import ManifestError

_BLOCK = 1 << 20  # bytes
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXT = (
    (b"PK\x03\x04", "a workbook (or another archive); save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook; save the sheet as CSV UTF-8"),
    (b"PAR1", "Parquet; let its name end in .parquet"),
    (b"\x1f\x8b", "compressed; unpack it first"),
    (b"%PDF", "a PDF; export the table as CSV"),
    (b"SQLite format 3", "a database; export the table as CSV"),
)
_FOREIGN = "holotype.foreign"  # what decodes the bytes that are not UTF-8


@dataclass(frozen=True)
class Letters:
    """How a file's bytes are letters.

    Attributes:
        encoding: as Python calls it.
        foreign: (line, a cell) where the first bytes are that are not of the encoding.
    """

    encoding: str
    foreign: tuple[int, str] | None = None


def letters_of(file: BinaryIO, name: str) -> Letters:
    """Look through a file for how its letters are written, and go back to its beginning.

    Raises:
        ManifestError: it is no text.
    """
    head = file.read(4096)
    file.seek(0)
    for mark, kind in _NO_TEXT:
        if head.startswith(mark):
            raise ManifestError(f"{name} is no text but {kind}")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return Letters(encoding)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > 0.4 * len(head) / 2 and min(even, odd) < 0.1 * len(head) / 2:
        return Letters("utf-16-le" if odd > even else "utf-16-be")
    foreign = _first_foreign(file)
    file.seek(0)
    return Letters("utf-8", foreign)


def lines_of(file: BinaryIO, letters: Letters) -> Iterator[str]:
    """Yield the lines with their ends, which may be those of any system."""
    errors = _FOREIGN if letters.encoding.startswith("utf-8") else "replace"
    yield from io.TextIOWrapper(file, letters.encoding, errors=errors, newline="")


def _first_foreign(file: BinaryIO) -> tuple[int, str] | None:
    """Return the line and the cell of the first bytes that are not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    while True:
        block = file.read(_BLOCK)
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            start = max(0, error.start - 20)
            near = error.object[start : error.end + 20]
            line = lines + _line_ends(error.object[: error.start])
            return line, _cell_around(near, error.start - start)
        if not block:
            return None
        lines += _line_ends(block)


def _line_ends(data: bytes) -> int:
    return data.count(b"\n") or data.count(b"\r")


def _cell_around(data: bytes, place: int) -> str:
    """Return the cell, as far as it is there, that a byte lies in."""
    cuts = [found.start() for found in re.finditer(rb"[\t\r\n,;|\"]", data)]
    start = max((cut + 1 for cut in cuts if cut < place), default=0)
    end = min((cut for cut in cuts if cut >= place), default=len(data))
    return data[start:end].decode("utf-8", _FOREIGN)


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    letters = (bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in wrong)
    return "".join(letters), error.end


codecs.register_error(_FOREIGN, _as_windows)

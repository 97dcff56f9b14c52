"""The rows of a table in text, as they are written: with quotes, without, or with a lone one.

No row is lost to a quote: a line that opens one is joined with the next ones only where that makes
one row that fits the header, and where they are not rows of their own.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from ..columns import is_known

DELIMITERS = ",;\t|"

_NONE = "\x1f"  # the delimiter of a table of one column
_LONGEST = 100  # lines of one quoted value
_SEP_LINE = re.compile(r'"?sep=(.|\\t)"?[,;\t]*', re.IGNORECASE)
_FILE = re.compile(r'.*\.[A-Za-z]\w{1,4}"?')
_PICTURE = re.compile(r'.*\.(?:jpe?g?|jfif|png|tiff?|webp|heic|avif|gif|bmp|jp2)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """The first row, and what is before it.

    Attributes:
        names: of the columns.
        delimiter: what separates them.
        number: of the row, as a spreadsheet counts, which shows no `sep=` line.
        comments: how many lines before it begin with `#`.
    """

    names: list[str]
    delimiter: str
    number: int
    comments: int


def read_header(lines: Iterator[str], preferred: str) -> Header | None:
    """Return the header, having read it; None where there is none.

    Args:
        lines: of the file.
        preferred: the delimiter, where others fit as well.
    """
    number = comments = 0
    told = ""
    for line in lines:
        text = line.strip("\r\n")
        if not number and (sep := _SEP_LINE.fullmatch(text.strip(" "))):
            told = "\t" if sep[1] == "\\t" else sep[1]
            continue
        number += 1
        if not text.strip(DELIMITERS + " "):
            continue
        delimiter = told or _delimiter_of(text, preferred)
        if text.startswith("#") and not _known(text[1:], delimiter):
            comments += 1
            continue
        names = _loose(text.removeprefix("#"), delimiter)
        return Header(names, delimiter, number, comments)
    return None


def _delimiter_of(text: str, preferred: str) -> str:
    """Return what separates the names of a header."""
    inside = [one for one in preferred + DELIMITERS if one in text]
    if not inside:
        return _NONE
    return max(inside, key=lambda one: (_known(text, one), len(_loose(text, one))))


def _known(text: str, delimiter: str) -> int:
    return sum(map(is_known, _loose(text.removeprefix("#"), delimiter)))


def read_rows(lines: Iterator[str], header: Header) -> Iterator[tuple[int, list[str]]]:
    """Yield (number, values) of every row that is not blank; values may be too few or too many."""
    rows = _Rows(lines, header)
    for number in count(header.number + 1):
        line = rows.next_line()
        if line is None:
            return
        text = line.rstrip("\r\n")
        if '"' in text:
            yield number, rows.quoted(line)
        elif text:
            yield number, rows.plain(text)


class _Rows:
    def __init__(self, lines: Iterator[str], header: Header) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self._delimiter = header.delimiter
        self._width = len(header.names)
        paths = [place for place, name in enumerate(header.names) if is_known(name, "path")]
        self._path = paths[0] if paths else 0

    def next_line(self) -> str | None:
        return self._again.popleft() if self._again else next(self._lines, None)

    def plain(self, text: str) -> list[str]:
        """Return the values of a row without quotes."""
        return self._trimmed(text.split(self._delimiter))

    def quoted(self, line: str) -> list[str]:
        """Return the values of a row whose first line holds quotes."""
        text = line.rstrip("\r\n")
        plain = self.plain(text)
        strict = self._strict(text)
        if strict is None and text.count('"') % 2 and self._strict(text + '"'):
            joined = self._joined(line)
            if joined is not None:
                return joined
        if strict is not None and (len(strict) == self._width or len(plain) != self._width):
            return strict
        if len(plain) == self._width:
            return plain
        loose = _loose(text, self._delimiter)
        return loose if len(loose) == self._width else plain

    def _strict(self, text: str) -> list[str] | None:
        """Return the values of a text whose quotes are as RFC 4180 has them; None where not."""
        try:
            rows = list(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
        return self._trimmed(rows[0]) if len(rows) == 1 else None

    def _trimmed(self, values: list[str]) -> list[str]:
        """Return values without the empty ones that are beyond the header."""
        while len(values) > self._width and not values[-1].strip():
            values.pop()
        return values

    def _joined(self, line: str) -> list[str] | None:
        """Return the values of a row that goes over several lines, if these are one."""
        taken: list[str] = []
        quotes = line.count('"')
        while quotes % 2 and len(taken) < _LONGEST:
            following = self.next_line()
            if following is None:
                break
            taken.append(following)
            quotes += following.count('"')
        text = "".join([line, *taken]).rstrip("\r\n")
        values = self._strict(text)
        if values and len(values) <= self._width and not self._are_rows(line, taken):
            return values
        self._again.extendleft(reversed(taken))
        return None

    def _are_rows(self, line: str, taken: list[str]) -> bool:
        """Return whether a line that opens a quote and one of the next would each be a row."""
        first, *others = (one.rstrip("\r\n").split(self._delimiter) for one in (line, *taken))
        whole = [values for values in others if len(values) == self._width]
        seldom_text = self._delimiter == "\t" or (self._width > 2 and len(whole) == len(others))
        if whole and len(first) == self._width > 1 and seldom_text:
            return True
        at_path = [values[self._path] for values in whole]
        pictures = [value for values in others for value in values if _PICTURE.fullmatch(value)]
        return any(map(_FILE.fullmatch, first)) and any(map(_FILE.fullmatch, at_path + pictures))


def _loose(text: str, delimiter: str) -> list[str]:
    try:
        rows = list(csv.reader([text], delimiter=delimiter))
    except csv.Error:
        rows = []
    return rows[0] if rows else text.split(delimiter)

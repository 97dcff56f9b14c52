"""Numbers and dates as they are compared: a date is the time from its first to its last moment."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from datetime import datetime, timedelta

Span = tuple[float, float]  # first and last; equal for a number; seconds since the year 1 for dates

_LONGEST = 80  # characters; no number or date is longer
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d?)(?:-(\d\d?)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?"
    r"(?:Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII,
)
_SHORT = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)  # as cameras and file names have it
_START = datetime(1, 1, 1)


def number_of(text: str) -> float | None:
    """Return the number that a text is, or None.

    >>> number_of("-4.50"), number_of("45 m")
    (-4.5, None)
    """
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def date_of(text: str) -> Span | None:
    """Return the time that an ISO date is: a year, a month, a day, a minute, or two with a slash.

    A day may be written without hyphens.

    Time zones are left aside.

    >>> first, last = date_of("2019-02")
    >>> (last + 1 - first) / 86400
    28.0
    """
    if len(text) > _LONGEST:
        return None
    first, _, last = text.partition("/")
    begin = _one_date(first.strip())
    end = _one_date(last.strip()) if last else begin
    return (begin[0], end[1]) if begin and end and begin[0] <= end[1] else None


def _one_date(text: str) -> Span | None:
    found = _DATE.fullmatch(text) or _SHORT.fullmatch(text)
    if found is None:
        return None
    parts = [int(part) for part in found.groups() if part is not None]
    year, month, day, hour, minute, second = (*parts, *(1, 1, 1, 0, 0, 0)[len(parts) :])
    try:
        begin = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    first = (begin - _START).total_seconds()
    return first, first + _length(begin, len(parts)).total_seconds() - 1


def _length(begin: datetime, parts: int) -> timedelta:
    """Return how long a date lasts of which so many parts are given."""
    if parts == 1:
        return timedelta(days=365 + (monthrange(begin.year, 2)[1] == 29))
    if parts == 2:
        return timedelta(days=monthrange(begin.year, begin.month)[1])
    return {3: timedelta(days=1), 5: timedelta(minutes=1)}.get(parts, timedelta(seconds=1))

"""Dates and coordinates that are kept as texts, since nothing tells which day or place they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from ..manifests.problems import Problem
from ..search.spans import date_of, number_of
from ..storage.records import Image


def _is_number(text: str) -> bool:
    return number_of(text) is not None


def _is_date(text: str) -> bool:
    return date_of(text) is not None


_THREE = re.compile(r"(\w+)\s?[./-]\s?(\w+)\s?[./-]\s?(\w+)", re.ASCII)
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")  # of labels
_MOST = {"latitude": 90, "longitude": 180}  # degrees


def iso_of(text: str) -> str | None:
    """Return the one day that a date written otherwise can be, as YYYY-MM-DD, or None.

    >>> iso_of("17.08.2020"), iso_of("08/17/2020"), iso_of("3.VIII.2020"), iso_of("2020/8/3")
    ('2020-08-17', '2020-08-17', '2020-08-03', '2020-08-03')
    >>> iso_of("3.8.2020"), iso_of("17.08.20"), iso_of("31.02.2020")
    (None, None, None)
    """
    found = _THREE.fullmatch(text)
    if found is None:
        return None
    first, middle, last = found.groups()
    orders = [(first, middle, last)] if len(first) == 4 else [(last, middle, first)]
    if len(first) != 4:
        orders.append((last, first, middle))
    days = {_day(*order) for order in orders} - {None}
    return days.pop() if len(days) == 1 else None


def _day(year: str, month: str, day: str) -> str | None:
    if month.upper() in _ROMAN:
        month = str(_ROMAN.index(month.upper()) + 1)
    if len(year) != 4 or not (year.isdigit() and month.isdigit() and day.isdigit()):
        return None
    text = f"{year}-{month:0>2}-{day:0>2}"
    return text if date_of(text) else None


def _point_of(column: str, text: str) -> str | None:
    """Return degrees with a comma as they are read; as thousands they would be none."""
    value = text.replace(",", ".", 1)
    number = number_of(value)
    return value if number is not None and abs(number) <= _MOST[column] else None


class _Reading(NamedTuple):
    """How the values of a column are read.

    Attributes:
        is_read: whether a value is one that filters compare.
        meant: the one value that another can be, as it is read; None where there are several.
        form: what to write, where that cannot be known.
    """

    is_read: Callable[[str], bool]
    meant: Callable[[str], str | None]
    form: str


_DEGREES = "decimal degrees with a point, south and west negative"
_READ = {
    "date": _Reading(_is_date, iso_of, "YYYY-MM-DD"),
    "latitude": _Reading(_is_number, lambda text: _point_of("latitude", text), _DEGREES),
    "longitude": _Reading(_is_number, lambda text: _point_of("longitude", text), _DEGREES),
}


def on_unordered(rows: Iterable[tuple[int, Image]]) -> list[Problem]:
    """Return a note on each of these columns with values that filters find nowhere.

    Args:
        rows: row numbers, and what they say.
    """
    first: dict[str, tuple[int, str]] = {}
    counts = dict.fromkeys(_READ, 0)
    for row, image in rows:
        for column, reading in _READ.items():
            value = image.details.get(column, "")
            if value and not reading.is_read(value):
                counts[column] += 1
                first.setdefault(column, (row, value))
    return [
        Problem(row, "", _message(column, value, counts[column]), "note", "value")
        for column, (row, value) in first.items()
    ]


def _message(column: str, value: str, count: int) -> str:
    more = count - 1
    rest = f", as {'is' if more == 1 else 'are'} {more} more" if more else ""
    return (
        f"the {column} '{value}' is kept as a text that no filter such as {column}<… finds{rest}; "
        f"write it as {_READ[column].meant(value) or _READ[column].form}"
    )

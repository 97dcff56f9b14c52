"""Dates and coordinates that are kept as texts, since nothing tells which day or place they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..manifests.problems import Problem
from ..search.spans import date_of, number_of
from ..storage.records import Image


def _is_number(text: str) -> bool:
    return number_of(text) is not None


def _is_date(text: str) -> bool:
    return date_of(text) is not None


_READ: dict[str, tuple[Callable[[str], bool], str]] = {
    "date": (_is_date, "2019-05-03"),
    "latitude": (_is_number, "48.25"),
    "longitude": (_is_number, "16.5"),
}


def on_unordered(rows: Iterable[tuple[int, Image]]) -> list[Problem]:
    """Return a note on each of these columns with values that filters find nowhere.

    Args:
        rows: row numbers, and what they say.
    """
    first: dict[str, tuple[int, str]] = {}
    counts = dict.fromkeys(_READ, 0)
    for row, image in rows:
        for column, (is_read, _) in _READ.items():
            value = image.details.get(column, "")
            if value and not is_read(value):
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
        f"write it as {_READ[column][1]}"
    )

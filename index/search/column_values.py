"""A column of the images: its different values, and which of them every image has."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import numpy as np

from ..arrays import Allowed, Codes, Floats
from ..taxonomy import RANKS, clean_name, spellings
from .conditions import shortened
from .spans import date_of, number_of

MOST_COMPARED = 20_000  # values among which near ones are looked for

_NEAR = 3  # names that a sentence proposes


@dataclass(frozen=True)
class ColumnValues:
    """The values of a column.

    Attributes:
        name: as the collection writes it.
        values: the different ones; some may be of images that are not chosen among.
        codes: int64 [n], the value of every image as a position in `values`, -1 for none.
        folds: whether a value is found in any case, and with any number of spaces.
    """

    name: str
    values: Sequence[str]
    codes: Codes
    folds: bool = True

    @cached_property
    def counts(self) -> Codes:
        """How many images have each value, int64 [values]."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    @property
    def missing(self) -> int:
        """How many images have no value."""
        return int(np.count_nonzero(self.codes < 0))

    def find(self, text: str, *, exact: bool = False) -> list[int]:
        """Return which values are a text: in any case, or exactly as it is written."""
        if exact or not self.folds:
            code = self._exactly.get(text)
            return [] if code is None else [code]
        return self._folded.get(self.fold(text), [])

    def find_name(self, text: str) -> list[int]:
        """Return which values are a text; a taxon also by a name that is read as a table's are."""
        found = self.find(text)
        if found or self.name not in RANKS:
            return found
        said = map(folded, spellings(self.name, text))
        return next((self._folded[one] for one in said if one in self._folded), [])

    def fold(self, text: str) -> str:
        """Return a text as it is compared."""
        return folded(clean_name(text) if self.name in RANKS else text)

    @cached_property
    def _exactly(self) -> dict[str, int]:
        return {value: code for code, value in enumerate(self.values)}

    @cached_property
    def _folded(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for code, value in enumerate(self.values):
            found.setdefault(self.fold(value), []).append(code)
        return found

    def ordered(self, sign: str, bound: str) -> list[int]:
        """Return which values are smaller or greater than a number or a date.

        A date that lasts, such as a month, is smaller where all of it is before the bound. In the
        column of dates 2019 is a year and 20190503 a day, wherever the bound is a date.

        Args:
            sign: `<`, `<=`, `>` or `>=`.
            bound: a number or a date; a year is both.
        """
        number, date = number_of(bound), date_of(bound)
        if date is not None and self.name == "date":
            number = None
        fits = np.zeros(len(self.values), bool)
        if number is not None:
            fits |= _compared(sign, self._numbers, self._numbers, (number, number))
        if date is not None:
            others = np.isnan(self._numbers) if number is not None else True
            fits |= others & _compared(sign, self._dates[:, 0], self._dates[:, 1], date)
        return np.flatnonzero(fits).tolist()

    def between(self, first: str, last: str) -> list[int]:
        """Return which values lie from a number or date to another; an empty one is no bound."""
        after = set(self.ordered(">=", first)) if first else None
        before = set(self.ordered("<=", last)) if last else None
        if after is None or before is None:
            return sorted(after or before or ())
        return sorted(after & before)

    @cached_property
    def extremes(self) -> tuple[str, str] | None:
        """The smallest and the greatest number, or the first and the last date; None without."""
        numbers, dates = self._numbers, self._dates[:, 0]
        for keys in (dates, numbers) if self.name == "date" else (numbers, dates):
            there = np.flatnonzero(~np.isnan(keys) & (self.counts > 0))
            if len(there):
                ascending = there[np.argsort(keys[there], kind="stable")]
                return self.values[int(ascending[0])], self.values[int(ascending[-1])]
        return None

    @cached_property
    def _numbers(self) -> Floats:
        """The number that each value is, float64 [values], NaN for none."""
        found = [number_of(value) for value in self.values]
        return np.array([np.nan if one is None else one for one in found], np.float64)

    @cached_property
    def _dates(self) -> Floats:
        """The first and the last moment of each value, float64 [values, 2], NaN for no date."""
        found = [date_of(value) or (np.nan, np.nan) for value in self.values]
        return np.array(found, np.float64).reshape(-1, 2)

    def near(self, text: str) -> list[str]:
        """Return values that are written much like a text."""
        there = [value for value, count in zip(self.values, self.counts, strict=True) if count]
        if len(there) > MOST_COMPARED or len(text) > len(shortened(text)):
            return []
        return nearest(text, there)


def folded(text: str) -> str:
    """Return a text without case, with single spaces and in one form of Unicode."""
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()


def nearest(text: str, names: Iterable[str]) -> list[str]:
    """Return the few of some names that are written most like a text."""
    of: dict[str, str] = {}
    for name in names:
        of.setdefault(folded(name), name)
    return [of[one] for one in get_close_matches(folded(text), of, _NEAR)]


def _compared(sign: str, low: Floats, high: Floats, bound: tuple[float, float]) -> Allowed:
    """Compare values that last from `low` to `high` with one bound; NaN is never greater."""
    first, last = bound
    compared: Allowed = {
        "<": high < first,
        "<=": high <= last,
        ">": low > last,
        ">=": low >= first,
    }[sign]
    return compared

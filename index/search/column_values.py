"""A column of the images: its different values, and which of them every image has."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Protocol

import numpy as np

from ..arrays import Allowed, Codes, Floats, places_in
from ..collection import Collection
from ..database.sql import run_over
from ..errors import UsageError
from ..gallery.gallery import Made, RankLabels
from ..storage.records import DETAILS
from ..taxonomy import RANKS, clean_name, spellings
from .conditions import shortened
from .spans import date_of, number_of

IDS = ("image_id", "specimen_id")  # told apart by case: two files may differ in nothing else

_COLUMNS = (*IDS, "split", *DETAILS)
# What a table may have called them, where there is no column of that name: see `manifests.columns`.
_TERMS = {
    "licence": "license",
    "date": "eventdate",
    "latitude": "decimallatitude lat",
    "longitude": "decimallongitude lon lng long",
    "institution": "institutioncode",
    "specimen_id": "organismid occurrenceid catalognumber gbifid",
    "species": "acceptedscientificname scientificname speciesname taxonname latinname taxon label",
}
_SPELLINGS = {term: name for name, terms in _TERMS.items() for term in terms.split()}
_ROWS = 100_000  # images that are read at once
_NAMED = 30  # columns of the users' own that a sentence names
_NEAR = 3  # names that a sentence proposes
_MOST_COMPARED = 20_000  # values among which near ones are looked for
_MOST_KEPT = 16  # columns that are kept with a gallery
_MOST_VALUES = 131_072  # different ones that a column which is kept may have


class Images(Protocol):
    """The images that a filter chooses among: those of a gallery, or all of a collection."""

    @property
    def edits(self) -> str:
        """Counts the changes of stored images."""

    @property
    def rows(self) -> Codes:
        """Their rows in the collection, int64 [n], ascending."""

    def labels(self, rank: str) -> RankLabels:
        """Return the taxa of a rank, and the code of every image."""

    def once(self, name: str, basis: object, make: Callable[[], Made]) -> Made:
        """Return what is made of these images and of a basis, made once."""


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

        A date that lasts, such as a month, is smaller where all of it is before the bound.

        Args:
            sign: `<`, `<=`, `>` or `>=`.
            bound: a number or a date; a year is both.
        """
        number, date = number_of(bound), date_of(bound)
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
        for keys in (self._numbers, self._dates[:, 0]):
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
        if len(there) > _MOST_COMPARED or len(text) > len(shortened(text)):
            return []
        return nearest(text, there)


def read_column(
    collection: Collection, images: Images, name: str, texts: Sequence[str] | None = None
) -> ColumnValues:
    """Return a column of images, whose name may be written in any case and with `_` or without.

    Args:
        collection: of the images.
        images: those that are chosen among.
        name: a rank, a column of every collection, or one of the user's own.
        texts: the values that are asked for, where that is all that is asked; None for any.

    Raises:
        UsageError: there is no such column.
    """
    plain, key = name.casefold(), squeezed(name)
    known = plain if plain in (*RANKS, *_COLUMNS) else ""
    if not known:
        own = images.once("own columns", images.edits, lambda: metadata_columns(collection))
        same = [one for one in own if squeezed(one) == key]
        near = _SQUEEZED.get(key, "")
        if same and (not near or plain in map(str.casefold, same)):
            return _kept_column(collection, images, tuple(same))
        known = near or _SPELLINGS.get(key, "")
        if not known:
            raise UsageError(_unknown(name, own))
    return _known_column(collection, images, known, texts)


def metadata_columns(collection: Collection) -> list[str]:
    """Return the names of the users' own columns in a collection."""
    found = collection.database.read(
        "SELECT DISTINCT key FROM images, json_each(images.metadata) ORDER BY key"
    )
    return [record[0] for record in found]


def folded(text: str) -> str:
    """Return a text without case, with single spaces and in one form of Unicode."""
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()


def squeezed(name: str) -> str:
    """Return the name of a column as it is compared: letters and digits, in lower case.

    >>> squeezed("Rights_Holder") == squeezed("rightsHolder")
    True
    """
    return "".join(one for one in name.casefold() if one.isalnum())


_SQUEEZED = {squeezed(name): name for name in (*RANKS, *_COLUMNS)}


def nearest(text: str, names: Iterable[str]) -> list[str]:
    """Return the few of some names that are written most like a text."""
    of: dict[str, str] = {}
    for name in names:
        of.setdefault(folded(name), name)
    return [of[one] for one in get_close_matches(folded(text), of, _NEAR)]


def _known_column(
    collection: Collection, images: Images, name: str, texts: Sequence[str] | None
) -> ColumnValues:
    if name in RANKS:
        labels = images.labels(name)
        return ColumnValues(name, labels.names, labels.codes)
    if name in IDS and texts is not None:
        query = f'SELECT row, "{name}" FROM images WHERE "{name}" IN'
        found = run_over(collection.database.read, query, list(dict.fromkeys(texts)))
        if len(found) >= len(texts) or len(images.rows) > _MOST_COMPARED:
            return _column(name, images, [found])
    return _kept_column(collection, images, (name,))


def _kept_column(collection: Collection, images: Images, names: tuple[str, ...]) -> ColumnValues:
    """Return a column, kept with the gallery where it has few different values."""
    empty: Callable[[], dict[tuple[str, ...], ColumnValues]] = dict
    kept = images.once("columns", images.edits, empty)
    column = kept.get(names)
    if column is None:
        column = _column(names[0], images, _cells(collection, names))
        if len(column.values) <= _MOST_VALUES:
            if len(kept) >= _MOST_KEPT:
                kept.pop(next(iter(kept), names), None)
            kept[names] = column
    return column


def _cells(collection: Collection, names: tuple[str, ...]) -> Iterator[Sequence[sqlite3.Row]]:
    """Yield row and value of every image that has one, many at once."""
    if names[0] in _COLUMNS:
        query = f'SELECT row, "{names[0]}" AS value FROM images WHERE value <> ?'
        keys: tuple[str, ...] = ("",)
    else:
        marks = ", ".join("?" * len(names))
        query = (
            "SELECT row, own.value FROM images, json_each(metadata) AS own "
            f"WHERE own.value <> ? AND own.key IN ({marks})"
        )
        keys = ("", *names)
    read = collection.database.read
    with collection.database.snapshot():
        last = read("SELECT coalesce(max(row), 0) FROM images")[0][0]
        for start in range(1, last + 1, _ROWS):
            yield read(f"{query} AND row BETWEEN {start} AND {start + _ROWS - 1}", keys)


def _column(name: str, images: Images, blocks: Iterable[Sequence[sqlite3.Row]]) -> ColumnValues:
    """Return a column of rows and values, a block after the other."""
    code_of: defaultdict[object, int] = defaultdict()
    code_of.default_factory = code_of.__len__  # a value that is new gets the next number
    codes = np.full(len(images.rows), -1, np.int64)
    for block in blocks:
        rows = np.fromiter((record[0] for record in block), np.int64, len(block))
        of_row = np.fromiter((code_of[record[1]] for record in block), np.int64, len(block))
        places, there = places_in(images.rows, rows)
        codes[places[there]] = of_row[there]
    return ColumnValues(name, list(map(str, code_of)), codes, folds=name not in IDS)


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


def _unknown(name: str, own: Sequence[str]) -> str:
    """Return the sentence about a column that there is none of."""
    names = (*RANKS, *_COLUMNS, *own)
    near = nearest(name, names) if len(name) == len(shortened(name)) else []
    meant = f"; did you mean {' or '.join(map(shortened, near))}? There" if near else "; there"
    rest = ["…"] if len(own) > _NAMED else []
    known = ", ".join((*RANKS, *_COLUMNS, *map(shortened, own[:_NAMED]), *rest))
    return f"There is no column '{shortened(name)}' to filter on{meant} are {known}"

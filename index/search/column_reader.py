"""Reading a column of the images, whatever way its name is written."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np

from ..arrays import Codes, places_in
from ..collection import Collection
from ..database.sql import run_over
from ..errors import UsageError
from ..gallery.gallery import Made, RankLabels
from ..manifests.terms import SPECIMENS, TERMS
from ..storage.records import DETAILS
from ..taxonomy import RANKS
from .column_values import MOST_COMPARED, ColumnValues, nearest
from .conditions import shortened

KEPT, OWN = "columns", "own columns"  # under which images keep what was read of theirs
Columns = dict[tuple[str, ...], ColumnValues]

IDS = ("image_id", "specimen_id")  # told apart by case: two files may differ in nothing else

_COLUMNS = (*IDS, "split", *DETAILS)
# What tables call them, where there is no column of that name.
_SPELLINGS = {
    term: name for name, terms in TERMS.items() if name != "path" for term in terms.split()
}
_SPELLINGS |= dict.fromkeys(SPECIMENS, "specimen_id") | {"label": "species"}
_ROWS = 100_000  # images that are read at once
_NAMED = 30  # columns of the users' own that a sentence names
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
        own = images.once(OWN, images.edits, lambda: metadata_columns(collection))
        same = [one for one in own if squeezed(one) == key]
        near = _SQUEEZED.get(key, "")
        if same and (not near or plain in map(str.casefold, same)):
            return _kept_column(collection, images, tuple(same))
        known = near or _SPELLINGS.get(key, "")
        if not known:
            raise UsageError(_unknown(name, own))
    return _known_column(collection, images, known, texts)


def metadata_columns(collection: Collection, rows: Sequence[int] | None = None) -> list[str]:
    """Return the names of the users' own columns in a collection, or in some rows of it."""
    query = "SELECT DISTINCT key FROM images, json_each(images.metadata)"
    read = collection.database.read
    found = read(query) if rows is None else run_over(read, f"{query} WHERE row IN", rows)
    return sorted({record[0] for record in found})


def squeezed(name: str) -> str:
    """Return the name of a column as it is compared: letters and digits, in lower case.

    >>> squeezed("Rights_Holder") == squeezed("rightsHolder")
    True
    """
    return "".join(one for one in name.casefold() if one.isalnum())


_SQUEEZED = {squeezed(name): name for name in (*RANKS, *_COLUMNS)}


def _known_column(
    collection: Collection, images: Images, name: str, texts: Sequence[str] | None
) -> ColumnValues:
    if name in RANKS:
        labels = images.labels(name)
        return ColumnValues(name, labels.names, labels.codes)
    if name in IDS and texts is not None:
        query = f'SELECT row, "{name}" FROM images WHERE "{name}" IN'
        found = run_over(collection.database.read, query, list(dict.fromkeys(texts)))
        if len(found) >= len(texts) or len(images.rows) > MOST_COMPARED:
            return _column(name, images, [found])
    return _kept_column(collection, images, (name,))


def _kept_column(collection: Collection, images: Images, names: tuple[str, ...]) -> ColumnValues:
    """Return a column, kept with the gallery where it has few different values."""
    empty: Callable[[], Columns] = dict
    kept = images.once(KEPT, images.edits, empty)
    column = kept.get(names)
    if column is None:
        column = _column(names[0], images, _cells(collection, names))
        if len(column.values) <= _MOST_VALUES:
            if len(kept) >= _MOST_KEPT:
                kept.pop(next(iter(kept), names), None)
            kept[names] = column
    return column


def columns_after(
    collection: Collection, kept: Columns, rows: Codes, changed: Sequence[int]
) -> Columns:
    """Return columns after a change, made of those before: only what changed is read.

    Args:
        kept: of images that are the first of those that are there now.
        rows: int64 [n], of the images that are there now.
        changed: rows of those that are new or were edited.
    """
    return {
        names: _after(collection, names, column, rows, changed)
        for names, column in dict(kept).items()
    }


def _after(
    collection: Collection,
    names: tuple[str, ...],
    column: ColumnValues,
    rows: Codes,
    changed: Sequence[int],
) -> ColumnValues:
    query, keys = _query_of(names)
    read = collection.database.read
    found = run_over(lambda sql, some: read(sql, (*keys, *some)), f"{query} AND row IN", changed)
    values = list(column.values)
    code_of = {value: code for code, value in enumerate(values)}
    codes = np.full(len(rows), -1, np.int64)
    codes[: len(column.codes)] = column.codes
    codes[places_in(rows, np.array(changed, np.int64))[0]] = -1
    for row, value in found:
        code = code_of.setdefault(str(value), len(values))
        if code == len(values):
            values.append(str(value))
        codes[np.searchsorted(rows, row)] = code
    return ColumnValues(column.name, values, codes, column.folds)


def _query_of(names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the query for row and value of every image that has one, and what it is asked with."""
    if names[0] in _COLUMNS:
        return f'SELECT row, "{names[0]}" AS value FROM images WHERE value <> ?', ("",)
    marks = ", ".join("?" * len(names))
    query = (
        "SELECT row, own.value FROM images, json_each(metadata) AS own "
        f"WHERE own.value <> ? AND own.key IN ({marks})"
    )
    return query, ("", *names)


def _cells(collection: Collection, names: tuple[str, ...]) -> Iterator[Sequence[sqlite3.Row]]:
    """Yield row and value of every image that has one, many at once."""
    query, keys = _query_of(names)
    read, last = collection.database.read, 0
    with collection.database.snapshot():
        while block := read(f"{query} AND row > {last} ORDER BY row LIMIT {_ROWS}", keys):
            yield block
            last = int(block[-1][0])


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


def _unknown(name: str, own: Sequence[str]) -> str:
    """Return the sentence about a column that there is none of."""
    names = (*RANKS, *_COLUMNS, *own)
    near = nearest(name, names) if len(name) == len(shortened(name)) else []
    meant = f"; did you mean {' or '.join(map(shortened, near))}? There" if near else "; there"
    rest = ["…"] if len(own) > _NAMED else []
    known = ", ".join((*RANKS, *_COLUMNS, *map(shortened, own[:_NAMED]), *rest))
    return f"There is no column '{shortened(name)}'{meant} are {known}"

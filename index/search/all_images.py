"""All images of a collection, those that no space holds too, kept until one of them changes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from ..arrays import Codes, Flags, places_in
from ..collection import Collection
from ..database.connection import Database
from ..database.sql import run_over
from ..errors import CorruptError
from ..gallery.gallery import Made, RankLabels
from ..gallery.taxa import TaxonNames
from .column_reader import KEPT, OWN, columns_after, metadata_columns

_MOST_EDITS = 1000  # that are remembered
_MANY = 50_000  # determinations since from which on all images are read anew
_FOUND = "SELECT row, coalesce(taxon_id, -1) FROM images LEFT JOIN accepted USING (specimen_id)"
_RENAMED = (
    f"{_FOUND} WHERE specimen_id IN "
    "(SELECT specimen_id FROM determinations WHERE determination_id > ?) AND row <= ?"
)
_LAST = (
    "SELECT (SELECT value FROM meta WHERE key = 'edits'), "
    "(SELECT seq FROM sqlite_sequence WHERE name = 'images'), "
    "(SELECT seq FROM sqlite_sequence WHERE name = 'deletions'), "
    "(SELECT seq FROM sqlite_sequence WHERE name = 'determinations')"
)


class State(NamedTuple):
    """What tells a state of the images from every other.

    Attributes:
        edits: counts the changes of stored images.
        images, deletions, determinations: the last numbers that were given out.
    """

    edits: str
    images: int
    deletions: int
    determinations: int


@dataclass(frozen=True, eq=False)
class AllImages:
    """All images of a collection; see `column_reader.Images`.

    Attributes:
        rows: int64 [n], ascending.
        taxon: int64 [n], the accepted taxon of each, -1 for none.
        names: of all taxa.
        chosen: rows that satisfy conditions, as who asked for them keeps them.
    """

    state: State
    rows: Codes
    taxon: Codes
    names: TaxonNames
    chosen: dict[object, Codes] = field(default_factory=dict, repr=False)
    _made: dict[str, tuple[object, Any]] = field(default_factory=dict, repr=False)
    _making: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def edits(self) -> str:
        """Counts the changes of stored images."""
        return self.state.edits

    def labels(self, rank: str) -> RankLabels:
        """Return the taxa of a rank, and the code of every image."""
        found = self.names.ranks[rank]
        return RankLabels(found.of_taxon[self.taxon], found.names, found.lineages)

    def once(self, name: str, basis: object, make: Callable[[], Made]) -> Made:
        """Return what is made of these images and of a basis: made once, gone with them."""
        with self._making:
            kept = self._made.get(name)
            if kept is None or kept[0] != basis:
                self._made[name] = kept = (basis, make())
            made: Made = kept[1]
            return made

    def take_over(self, collection: Collection, before: AllImages, changed: Sequence[int]) -> None:
        """Take over the columns that were read of the images before a change, brought up to it."""
        if KEPT in before._made:
            columns = columns_after(collection, before._made[KEPT][1], self.rows, changed)
            self._made[KEPT] = (self.edits, columns)
        if OWN in before._made:
            own = {*before._made[OWN][1], *metadata_columns(collection, changed)}
            self._made[OWN] = (self.edits, sorted(own))

    def take_over_part(self, before: AllImages, stays: Flags) -> None:
        """Take over the columns that were read of more images, of those that are left."""
        made = dict(before._made)
        if KEPT in made:
            basis, columns = made[KEPT]
            part = {
                names: replace(column, codes=column.codes[stays])
                for names, column in dict(columns).items()
            }
            made[KEPT] = (basis, part)
        self._made.update(made)


_KEPT: WeakKeyDictionary[Collection, AllImages] = WeakKeyDictionary()
_LOADING = threading.Lock()
# The edits of this process: {edits before: (edits after, rows)}.
_EDITED: WeakKeyDictionary[Collection, dict[str, tuple[str, Sequence[int]]]] = WeakKeyDictionary()


def all_images(collection: Collection) -> AllImages:
    """Return all images of a collection as they are now.

    They are read once; later only what was determined, added, deleted, and edited by this process
    since. Where another process edited images, they are read anew.

    Raises:
        CorruptError: something in the database is damaged.
    """
    collection.require_intact()
    with _LOADING, collection.database.snapshot():
        state = state_of_images(collection.database)
        kept = _KEPT.get(collection)
        if kept is None or kept.state != state:
            found = None if kept is None else _followed(collection, kept, state)
            _KEPT[collection] = kept = found or _read(collection, state)
        return kept


def note_edit(collection: Collection, before: str, after: str, rows: Sequence[int]) -> None:
    """Remember which images an edit changed that was just committed, so that no others are read.

    Args:
        before, after: the `edits` of the states around it.
    """
    if before == after:
        return
    edits = _EDITED.setdefault(collection, {})
    if len(edits) >= _MOST_EDITS:
        edits.pop(next(iter(edits), ""), None)
    edits[before] = (after, rows)


def _edited_since(collection: Collection, before: str, after: str) -> list[int] | None:
    """Return the rows of the images that were edited between two states; None if unknown."""
    edits, rows = _EDITED.get(collection, {}), set[int]()
    for _ in range(_MOST_EDITS + 1):
        if before == after:
            return sorted(rows)
        if before not in edits:
            return None  # another process did it
        before, more = edits[before]
        rows.update(more)
    return None


def state_of_images(database: Database) -> State:
    """Return what tells the images as they are now from every other state of them."""
    edits, *last = database.read(_LAST)[0]
    return State(str(edits), *(int(number or 0) for number in last))


def _read(collection: Collection, state: State) -> AllImages:
    rows, taxon = _pairs(collection.database, f"{_FOUND} ORDER BY row")
    return _checked(collection, AllImages(state, rows, taxon, collection.taxa()))


def _followed(collection: Collection, kept: AllImages, state: State) -> AllImages | None:
    """Return the images after a change, made of those before; None where much changed."""
    before, database = kept.state, collection.database
    edited = _edited_since(collection, before.edits, state.edits)
    grown = state.images - before.images, state.determinations - before.determinations
    if edited is None or not all(0 <= count < _MANY for count in grown):
        return None
    if state.deletions != before.deletions:
        kept = _without_deleted(database, kept)
    renamed, now = _pairs(database, _RENAMED, (before.determinations, before.images))
    taxon = kept.taxon.copy()
    _put(taxon, kept.rows, renamed, now)
    _put(taxon, kept.rows, *_of_rows(database, edited))
    names = collection.taxa()
    if not grown[0] and not edited:
        same = replace(kept, state=state, taxon=taxon, names=names, chosen={})
        return _checked(collection, same)
    query = f"{_FOUND} WHERE row > ? ORDER BY row"
    new, theirs = _pairs(database, query, (before.images,))
    rows = np.concatenate([kept.rows, new])
    found = AllImages(state, rows, np.concatenate([taxon, theirs]), names)
    found.take_over(collection, kept, [*edited, *new.tolist()])
    return _checked(collection, found)


def _without_deleted(database: Database, kept: AllImages) -> AllImages:
    found = database.read("SELECT row FROM images")  # unordered: of an index, which is small
    there = np.sort(np.array([record[0] for record in found], np.int64))
    stays = places_in(there, kept.rows)[1]
    left = AllImages(kept.state, kept.rows[stays], kept.taxon[stays], kept.names)
    left.take_over_part(kept, stays)
    return left


def _put(taxon: Codes, rows: Codes, wanted: Codes, now: Codes) -> None:
    places, there = places_in(rows, wanted)
    taxon[places[there]] = now[there]


def _of_rows(database: Database, rows: Sequence[int]) -> tuple[Codes, Codes]:
    return _columns(run_over(database.read, f"{_FOUND} WHERE row IN", rows))


def _pairs(database: Database, query: str, values: Sequence[int] = ()) -> tuple[Codes, Codes]:
    return _columns(database.read(query, values))


def _columns(found: Sequence[sqlite3.Row]) -> tuple[Codes, Codes]:
    pairs = np.array([tuple(record) for record in found], np.int64).reshape(-1, 2)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def _checked(collection: Collection, images: AllImages) -> AllImages:
    if images.taxon.max(initial=-1) > images.names.most or images.taxon.min(initial=-1) < -1:
        raise CorruptError(
            f"{collection.folder} has images of taxa that are not there; restore a snapshot"
        )
    return images

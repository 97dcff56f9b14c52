"""All images of a collection, those that no space holds too, kept until one of them changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from ..arrays import Codes, places_in
from ..collection import Collection
from ..database.connection import Database
from ..errors import CorruptError
from ..gallery.gallery import Made, RankLabels
from ..gallery.taxa import TaxonNames

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


_KEPT: WeakKeyDictionary[Collection, AllImages] = WeakKeyDictionary()
_LOADING = threading.Lock()


def all_images(collection: Collection) -> AllImages:
    """Return all images of a collection as they are now.

    They are read once; later only what was determined and added since. Where images were changed or
    deleted, they are read anew.

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


def state_of_images(database: Database) -> State:
    """Return what tells the images as they are now from every other state of them."""
    edits, *last = database.read(_LAST)[0]
    return State(str(edits), *(int(number or 0) for number in last))


def _read(collection: Collection, state: State) -> AllImages:
    rows, taxon = _pairs(collection.database, f"{_FOUND} ORDER BY row")
    return _checked(collection, AllImages(state, rows, taxon, collection.taxa()))


def _followed(collection: Collection, kept: AllImages, state: State) -> AllImages | None:
    """Return the images after a change, made of those before; None where much changed."""
    before = kept.state
    grown = state.images - before.images, state.determinations - before.determinations
    if state[0] != before[0] or state[2] != before[2] or not all(0 <= n < _MANY for n in grown):
        return None
    database, taxon = collection.database, kept.taxon.copy()
    renamed, now = _pairs(database, _RENAMED, before.determinations, before.images)
    places, there = places_in(kept.rows, renamed)
    taxon[places[there]] = now[there]
    names = collection.taxa()
    if not grown[0]:
        same = replace(kept, state=state, taxon=taxon, names=names, chosen={})
        return _checked(collection, same)
    rows, new = _pairs(database, f"{_FOUND} WHERE row > ? ORDER BY row", before.images)
    joined = np.concatenate([kept.rows, rows]), np.concatenate([taxon, new])
    return _checked(collection, AllImages(state, *joined, names))


def _pairs(database: Database, query: str, *values: int) -> tuple[Codes, Codes]:
    found = database.read(query, values)
    pairs = np.array([tuple(record) for record in found], np.int64).reshape(-1, 2)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def _checked(collection: Collection, images: AllImages) -> AllImages:
    if images.taxon.max(initial=-1) > images.names.most or images.taxon.min(initial=-1) < -1:
        raise CorruptError(
            f"{collection.folder} has images of taxa that are not there; restore a snapshot"
        )
    return images

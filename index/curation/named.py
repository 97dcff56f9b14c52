"""The specimens of a gallery by the name that they have, as every queue needs them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from ..arrays import Codes, Flags, Ids
from ..collection import Collection
from ..database.connection import Database
from ..gallery.gallery import Gallery
from ..gallery.label_files import Change
from ..taxonomy import GENUS, RANKS, SPECIES, Lineage, lowest_name
from .doubts import compared_rank, first_images

_BLOCK = 8192  # rows that are compared at once

# A first naming by a person can be doubted like an imported one, and so can one of a whole cluster.
# A name that a person confirmed, or put in another's place, was given after a look at it.
_LOOKED_AT = """
SELECT DISTINCT i.row FROM determinations AS d
JOIN accepted AS a ON a.determination_id = d.determination_id
JOIN images AS i ON i.specimen_id = d.specimen_id
WHERE d.origin = 'human' AND d.decision_id IS NULL AND EXISTS (
    SELECT 1 FROM determinations AS e WHERE e.specimen_id = d.specimen_id
    AND e.determination_id < d.determination_id AND e.taxon_id IS NOT NULL
    AND e.origin IN ('import', 'human')
)
"""
_DETERMINED_SINCE = "SELECT specimen_id FROM determinations WHERE determination_id > ?"


@dataclass(frozen=True)
class Evidence:
    """A picture to compare with: its name, and its cosine to the specimen where that is known."""

    image_id: str
    taxon: str
    cosine: float | None


@dataclass(frozen=True)
class Near:
    """A place in a gallery and its cosine to what was asked about."""

    place: int
    cosine: float


@dataclass(frozen=True, eq=False)
class _LookedAt:
    """Of which images of a gallery a person confirmed or corrected the name.

    Attributes:
        flags: bool [n].
        labelled: the last determination that they reflect.
    """

    database: Database
    flags: Flags
    labelled: int

    @classmethod
    def of(cls, database: Database, gallery: Gallery) -> Self:
        flags = np.zeros(len(gallery), np.bool_)
        flags[_places(gallery, database.read(_LOOKED_AT))] = True
        return cls(database, flags, gallery.labelled)

    def after(self, gallery: Gallery, change: Change) -> Self | None:
        """Return the same after more determinations; None where images came or went."""
        if change.moved is not None:
            return None
        asked, since = f"specimen_id IN ({_DETERMINED_SINCE})", (self.labelled,)
        read, flags = self.database.read, self.flags.copy()
        flags[_places(gallery, read(f"SELECT row FROM images WHERE {asked}", since))] = False
        flags[_places(gallery, read(f"{_LOOKED_AT} AND d.{asked}", since))] = True
        return replace(self, flags=flags, labelled=gallery.labelled)


def _places(gallery: Gallery, found: Sequence[sqlite3.Row]) -> Ids:
    return gallery.places([record[0] for record in found])


@dataclass(frozen=True, eq=False)
class Named:
    """A gallery, and what its specimens are called at one rank.

    Attributes:
        gallery: of the space that is asked about.
        source: of the space that holds its vectors; the same places.
        rank: that which a queue looks at.
        codes: int64 [n], the taxon of every image, -1 for one without a name at that rank.
        firsts: int64 [specimens], the first image of each.
        looked_at: bool [n], of specimens whose name a person confirmed or corrected.
    """

    gallery: Gallery
    source: Gallery
    rank: str
    codes: Codes
    firsts: Ids
    looked_at: Flags

    @classmethod
    def of(
        cls,
        collection: Collection,
        space: str | None,
        at: Callable[[Gallery], str] = compared_rank,
    ) -> Named:
        """Read the names of a collection as one space shows it.

        Args:
            at: which rank of it; by default that at which names are compared.
        """
        gallery, source = collection.gallery_and_source(space)
        looked_at = gallery.once(
            "looked at", None, lambda: _LookedAt.of(collection.database, gallery)
        )
        rank = at(gallery)
        codes = gallery.labels(rank).codes
        return cls(gallery, source, rank, codes, first_images(gallery), looked_at.flags)

    @cached_property
    def specimens(self) -> Codes:
        """How many specimens each taxon has, int64 [taxa]."""
        codes = self.codes[self.firsts]
        return np.bincount(codes[codes >= 0], minlength=int(self.codes.max(initial=-1)) + 1)

    def lineage(self, code: int) -> Lineage:
        """Return the lineage of a taxon of the rank."""
        return self.gallery.lineage(self.rank, code)

    def name(self, code: int) -> str:
        """Return the name of a taxon of the rank."""
        return lowest_name(self.lineage(code))

    def whole_lineage(self, place: int) -> Lineage:
        """Return all that an image is called, whatever the rank; empty names where it has none."""
        taxon = int(self.gallery.taxon[place])
        if taxon not in self._lineages:
            codes = ((rank, self.gallery.labels(rank).codes[place]) for rank in self.gallery.ranks)
            named = [(rank, int(code)) for rank, code in codes if code >= 0]
            none = ("",) * len(RANKS)
            self._lineages[taxon] = self.gallery.lineage(*named[-1]) if named else none
        return self._lineages[taxon]

    @cached_property
    def _lineages(self) -> dict[int, Lineage]:
        """Lineages by taxon, those that were asked for."""
        return {}

    def same_genus(self, one: int, other: int) -> bool:
        """Return whether two taxa are species of one genus."""
        first, second = self.lineage(one), self.lineage(other)
        return bool(first[SPECIES] and first[GENUS]) and first[GENUS] == second[GENUS]

    def images_of(self, place: int) -> Ids:
        """Return the places of all images of a specimen, given one of them."""
        order, starts = self._by_specimen
        code = self.gallery.specimens[place]
        low, high = np.searchsorted(starts, [code, code + 1])
        return order[low:high]

    def nearest(self, place: int, code: int, k: int) -> list[Near]:
        """Return the images of a taxon that are nearest to one, its own specimen's left out."""
        order, starts = self._by_taxon
        low, high = np.searchsorted(starts, [code, code + 1])
        rows = order[low:high]
        rows = rows[self.gallery.specimens[rows] != self.gallery.specimens[place]]
        query = self.gallery.index.rows(np.array([place]))[0]
        found: list[Near] = []
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            cosines = self.gallery.index.rows(block) @ query
            best = np.argsort(-cosines, kind="stable")[:k]
            found += [Near(int(block[one]), float(cosines[one])) for one in best]
        return sorted(found, key=lambda near: -near.cosine)[:k]

    @cached_property
    def _by_specimen(self) -> tuple[Ids, Codes]:
        order = np.argsort(self.gallery.specimens, kind="stable")
        return order, self.gallery.specimens[order]

    @cached_property
    def _by_taxon(self) -> tuple[Ids, Codes]:
        order = np.argsort(self.codes, kind="stable")
        return order, self.codes[order]

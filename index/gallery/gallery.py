"""A snapshot of a space in memory: which vector is which picture, and what it is called."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from ..arrays import Codes, places_in
from ..errors import CorruptError
from ..storage.records import Space
from ..taxonomy import RANKS, Lineage
from ..vectors import Selection, VectorIndex
from ..vectors.projection import Projection
from .index_files import State

Made = TypeVar("Made")

_MOST_ANSWERS = 1000
_SPARSE = 16  # times as many numbers as taxa; no memory is taken for more
_MOST_SELECTIONS = 32  # of one byte a vector each


@dataclass(frozen=True)
class RankLabels:
    """The taxa of one rank in a gallery.

    Attributes:
        codes: int64 [n], the taxon of every image as a position in `names`, -1 where not known.
        names: the taxa. Two taxa of one name in different categories are different taxa.
        lineages: one lineage of each taxon, cut off below this rank.
    """

    codes: Codes
    names: list[str]
    lineages: list[Lineage]


@dataclass(frozen=True, eq=False)
class Gallery:
    """The images of a space at one committed state; place i is row i of every array.

    Attributes:
        labelled: the last determination that the labels reflect.
        edits: counts the changes of stored images.
        rows: int64 [n], the images' rows in the collection, ascending.
        specimens: int64 [n], images of one specimen share a code.
        taxon: int64 [n], the taxon's id, -1 where a specimen has no determination.
        read_taxa: gives all lineages by their ids, which never change. They are read when first
            asked for: there may be hundreds of thousands.
    """

    space: Space
    state: State
    labelled: int
    edits: str
    rows: Codes
    specimens: Codes
    taxon: Codes
    read_taxa: Callable[[], dict[int, Lineage]]
    index: VectorIndex
    projection: Projection | None = None
    selections: dict[bytes, Selection] = field(default_factory=dict, repr=False)
    answers: dict[object, tuple[object, Any]] = field(default_factory=dict, repr=False)
    _labels: dict[str, RankLabels] = field(default_factory=dict, repr=False)
    _made: dict[str, tuple[object, Any]] = field(default_factory=dict, repr=False)
    _making: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def _taxa(self) -> dict[int, Lineage]:
        """All lineages by their ids, which count from 1.

        Raises:
            CorruptError: they do not, or an image has a taxon that is not there.
        """
        taxa = self.read_taxa()
        most = max(taxa, default=0)
        numbered = min(taxa, default=1) >= 1 and most <= 1000 + _SPARSE * len(taxa)
        named = all(isinstance(name, str) for lineage in taxa.values() for name in lineage)
        used = self.taxon.min(initial=-1) >= -1 and self.taxon.max(initial=-1) <= most
        if not (numbered and named and used):
            raise CorruptError(
                f"The taxa of space '{self.space.name}' are not named and numbered as a collection "
                "does it; restore a snapshot"
            )
        return taxa

    @cached_property
    def ranks(self) -> tuple[str, ...]:
        """The ranks that at least one image is named at, coarse to fine."""
        return tuple(rank for rank in RANKS if self.labels(rank).names)

    def labels(self, rank: str) -> RankLabels:
        """Return the taxa of a rank."""
        if rank not in self._labels:
            self._labels[rank] = _rank_labels(self._taxa, self.taxon, rank)
        return self._labels[rank]

    def answered(self, question: object, basis: object, answer: Callable[[], Made]) -> Made:
        """Return the answer to a question about this state, kept for who asks again.

        Args:
            question: all that decides the answer beside the gallery and the basis.
            basis: what else it rests on; with another one it is answered anew.
            answer: works it out.
        """
        kept = self.answers.get(question)
        if kept is None or kept[0] is not basis:
            if len(self.answers) >= _MOST_ANSWERS:
                self.answers.clear()
            self.answers[question] = kept = (basis, answer())
        found: Made = kept[1]
        return found

    def keep(self, key: bytes, selection: Selection) -> None:
        """Keep what a filter allows, in place of the one that was kept first.

        Args:
            key: a digest of the filter, which may be long.
        """
        if len(self.selections) >= _MOST_SELECTIONS:
            self.selections.pop(next(iter(self.selections), b""), None)
        self.selections[key] = selection

    def once(self, name: str, basis: object, make: Callable[[], Made]) -> Made:
        """Return what is made of this gallery and of a basis: made once, gone with the gallery."""
        with self._making:
            kept = self._made.get(name)
            if kept is None or kept[0] is not basis:
                self._made[name] = kept = (basis, make())
            made: Made = kept[1]
            return made

    def places(self, rows: Sequence[int] | Codes) -> Codes:
        """Return the places of images that are in this gallery, given their rows."""
        places, there = places_in(self.rows, np.asarray(rows, np.int64))
        return places[there]


def _rank_labels(taxa: dict[int, Lineage], taxon: Codes, rank: str) -> RankLabels:
    place = RANKS.index(rank)
    known: dict[tuple[str, str], int] = {}
    lineages: list[Lineage] = []
    of_taxon = np.full(max(taxa, default=0) + 2, -1, np.int64)  # the last one is for taxon -1
    for number, lineage in taxa.items():
        if not lineage[place]:
            continue
        key = (lineage[0], lineage[place])
        if key not in known:
            known[key] = len(known)
            lineages.append(lineage[: place + 1] + ("",) * (len(RANKS) - place - 1))
        of_taxon[number] = known[key]
    return RankLabels(of_taxon[taxon], [name for _, name in known], lineages)

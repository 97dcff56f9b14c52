"""A snapshot of a space in memory: which vector is which picture, and what it is called."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from ..arrays import Codes, places_in
from ..errors import CorruptError
from ..storage.records import Space
from ..taxonomy import RANKS, Lineage
from ..vectors import Selection, VectorIndex
from ..vectors.projection import Projection
from .index_files import State
from .label_files import Change
from .taxa import RankNames, TaxonNames

Made = TypeVar("Made")

_MOST_ANSWERS = 1000
_MOST_SELECTIONS = 32  # of one byte a vector each


@dataclass(frozen=True)
class RankLabels:
    """The taxa of one rank in a gallery.

    Attributes:
        codes: int64 [n], the taxon of every image as a position in `names`, -1 where not known.
        names: the taxa. Those of one name in different categories or kingdoms are different ones.
        lineages: one lineage of each taxon, cut off below this rank.
    """

    codes: Codes
    names: list[str]
    lineages: list[Lineage]


class Following(Protocol):
    """What is made of a gallery and can be brought up to a later state of it."""

    def after(self, gallery: Gallery, change: Change) -> Self | None:
        """Return the same of a later gallery; None where it is better made anew."""
        ...


@dataclass(frozen=True, eq=False)
class Gallery:
    """The images of a space at one committed state; place i is row i of every array.

    Attributes:
        labelled: the last determination that the labels reflect.
        edits: counts the changes of stored images.
        written: tells the last transaction before it from every other.
        rows: int64 [n], the images' rows in the collection, ascending.
        sequence: int64 [n], the sequence numbers of their vectors.
        specimens: int64 [n], images of one specimen share a code.
        taxon: int64 [n], the taxon's id, -1 where a specimen has no determination.
        read_taxa: gives the names of all taxa by their ids. They are read when first asked for:
            there may be hundreds of thousands.
    """

    space: Space
    state: State
    labelled: int
    edits: str
    written: str
    rows: Codes
    sequence: Codes
    specimens: Codes
    taxon: Codes
    read_taxa: Callable[[], TaxonNames]
    index: VectorIndex
    projection: Projection | None = None
    selections: dict[bytes, Selection] = field(default_factory=dict, repr=False)
    answers: dict[object, tuple[object, Any]] = field(default_factory=dict, repr=False)
    _labels: dict[str, RankLabels] = field(default_factory=dict, repr=False)
    _made: dict[str, tuple[object, Any]] = field(default_factory=dict, repr=False)
    _making: dict[str, threading.RLock] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def _taxa(self) -> TaxonNames:
        """The names of all taxa.

        Raises:
            CorruptError: an image has a taxon that is not there, or they are damaged.
        """
        taxa = self.read_taxa()
        if self.taxon.min(initial=-1) < -1 or self.taxon.max(initial=-1) > taxa.most:
            raise CorruptError(
                f"The taxa of space '{self.space.name}' are not named and numbered as a collection "
                "does it; restore a snapshot"
            )
        return taxa

    @cached_property
    def ranks(self) -> tuple[str, ...]:
        """The ranks that at least one image is named at, coarse to fine.

        Not those of all taxa: one that was taken back stays among these for ever.
        """
        used = np.flatnonzero(np.bincount(self.taxon + 1)) - 1
        return tuple(rank for rank in RANKS if (self.names(rank).of_taxon[used] >= 0).any())

    def names(self, rank: str) -> RankNames:
        """Return the names of a rank, and the code of every taxon."""
        return self._taxa.ranks[rank]

    def lineage(self, rank: str, code: int) -> Lineage:
        """Return the lineage of a taxon that most of its images have; see `TaxonNames.lineage`."""
        return self._taxa.lineage(rank, code, self._images)

    @cached_property
    def _images(self) -> Codes:
        """How many images each taxon has, int64 [largest id + 1]."""
        return np.bincount(self.taxon + 1, minlength=self._taxa.most + 2)[1:]

    def labels(self, rank: str) -> RankLabels:
        """Return the taxa of a rank, and the code of every image."""
        if rank not in self._labels:
            found = self.names(rank)
            codes = found.of_taxon[self.taxon]
            self._labels[rank] = RankLabels(codes, found.names, found.lineages)
        return self._labels[rank]

    def answered(self, question: object, basis: object, answer: Callable[[], Made]) -> Made:
        """Return the answer to a question about this state, kept for who asks again.

        Args:
            question: all that decides the answer beside the gallery and the basis.
            basis: what else it rests on; with another one it is answered anew.
            answer: works it out.
        """
        return self.each_answered([question], basis, lambda _: [answer()])[0]

    def each_answered(
        self,
        questions: Sequence[object],
        basis: object,
        answer: Callable[[list[int]], Sequence[Made]],
    ) -> list[Made]:
        """Return the answers to several questions, as `answered` does.

        Args:
            answer: works out those of some places among the questions, in one pass.
        """
        kept = [self.answers.get(question) for question in questions]
        found = [None if one is None or one[0] is not basis else one for one in kept]
        open_ones = [place for place, one in enumerate(found) if one is None]
        made = answer(open_ones) if open_ones else []
        for place, one in zip(open_ones, made, strict=True):
            if len(self.answers) >= _MOST_ANSWERS:
                self.answers.clear()
            self.answers[questions[place]] = found[place] = (basis, one)
        return [one[1] for one in found if one is not None]

    def keep(self, key: bytes, selection: Selection) -> None:
        """Keep what a filter allows, in place of the one that was kept first.

        Args:
            key: a digest of the filter, which may be long.
        """
        if len(self.selections) >= _MOST_SELECTIONS:
            self.selections.pop(next(iter(self.selections), b""), None)
        self.selections[key] = selection

    def once(self, name: str, basis: object, make: Callable[[], Made]) -> Made:
        """Return what is made of this gallery and of a basis: made once, gone with the gallery.

        What can follow a change (`Following`) is brought up to the next gallery's state with it.
        """
        # What takes long keeps nobody waiting who needs something else.
        with self._making.setdefault(name, threading.RLock()):
            kept = self._made.get(name)
            if kept is None or kept[0] is not basis:
                self._made[name] = kept = (basis, make())
            made: Made = kept[1]
            return made

    def follow(self, before: Gallery, change: Change) -> None:
        """Take over what was made of the gallery before a change, brought up to this state.

        Nothing here leads back to that gallery.
        """
        for name, (basis, made) in list(before._made.items()):
            if hasattr(made, "after"):
                later = made.after(self, change)
                if later is not None:
                    self._made[name] = (basis, later)

    def at(self, written: str, edits: str) -> Gallery:
        """Return the same gallery after transactions that left its images where they are.

        It keeps no filter and no answer of images that were edited.
        """
        if edits == self.edits:
            return replace(self, written=written)
        return replace(self, written=written, edits=edits, selections={}, answers={})

    def places(self, rows: Sequence[int] | Codes) -> Codes:
        """Return the places of images that are in this gallery, given their rows."""
        places, there = places_in(self.rows, np.asarray(rows, np.int64))
        return places[there]

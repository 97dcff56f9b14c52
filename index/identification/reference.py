"""A labelled gallery as the working spaces of identification show it.

Every working space has an index over all rows, which depends on the vectors alone, and of every
class a centre and a spread, which depend on the labels too. So a determination moves two classes,
new and deleted rows move the indexes' last layer and their classes, and a filter leaves the
indexes as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Codes, Embeddings, Flags, Floats
from ..vectors import FlatIndex, HalfIndex, Selection, VectorIndex
from ..vectors.base import Parts
from ..vectors.projection import Projection
from ..vectors.subset import SubsetIndex
from .classes import Lineages, centres_of, rows_of, specimens_of, spread_of
from .likelihood import Likelihood, Shape, Specimens, fit_likelihood, written
from .neighbours import compared
from .votes import NEIGHBOURS

_MOST_EXACT = 20_000  # rows up to which comparing all takes about a millisecond a space
_FEW = 0.05  # share of the rows up to which those that a filter leaves are kept beside the lists
_MOST_PARTS = 4  # what filters leave, kept for who asks again


@dataclass(frozen=True, eq=False)
class View:
    """The gallery in one space.

    Attributes:
        projection: what leads there from the encoder's vectors.
        index: over the rows there.
        centres: float32 [classes, out], unit mean of every class.
        means: float64 [classes], mean cosine of the members to the centre of the others; of a
            class of one it means nothing.
        spread: float64 [classes], the same, where a class of one takes the average.
    """

    projection: Projection
    index: VectorIndex
    centres: Embeddings
    means: Floats
    spread: Floats

    def with_rows(self, rows: Codes, of_row: Codes, classes: Codes, counts: Codes) -> View:
        """Return the view with the centres of some classes computed anew.

        Args:
            rows: int64 [r], the rows of these classes, class by class.
            of_row: int64 [r], the places of their classes among these.
            classes: int64 [m].
            counts: int64 [all classes], their rows from now on; classes without any go.
        """
        empty = np.zeros((len(classes), self.projection.out), np.float32)
        centres, means = centres_of(self.index, rows, of_row, empty)
        centres = written(self.centres, classes, centres, counts > 0)
        means = written(self.means, classes, means, counts > 0)
        spread = spread_of(means, counts[counts > 0])
        return replace(self, centres=centres, means=means, spread=spread)


@dataclass(frozen=True, eq=False)
class Reference:
    """What queries are compared with.

    Attributes:
        index: over n rows as the encoder gave them.
        groups: int64 [n], their specimens.
        classes: int64 [classes, ranks], the different lineages, coarse to fine, -1 not known.
        member: int64 [n], the class of every row, -1 for one that may not be used.
        pooled: int64 [n], the same, but a specimen that keeps any row keeps all: as a whole it is
            one in the likelihood.
        counts: int64 [classes], the rows of each.
        views: the gallery in every working space that neighbours are looked for in.
        likelihood: its specimens as a model of classes sees them.
    """

    index: VectorIndex
    groups: Codes
    classes: Codes
    member: Codes
    pooled: Codes
    counts: Codes
    views: tuple[View, ...]
    likelihood: Likelihood
    _parts: dict[Selection, Reference] = field(default_factory=dict, repr=False)

    @cached_property
    def usable(self) -> Selection | None:
        """The rows that may be neighbours, None for all."""
        there = self.member >= 0
        return None if there.all() else Selection(there)

    @cached_property
    def by_class(self) -> tuple[Codes, Codes]:
        """The rows class by class, ascending in each, and where each class starts.

        int64 [named rows] and [classes + 1], the end last.
        """
        rows = np.flatnonzero(self.member >= 0)
        count = max(len(self.member), 1)
        order = np.sort(self.member[rows] * count + rows) % count  # faster than a stable argsort
        sizes = np.bincount(self.member[rows], minlength=len(self.classes))
        return order, np.append(0, np.cumsum(sizes))

    @cached_property
    def lineages(self) -> Lineages:
        """The classes rank by rank."""
        return Lineages.of(self.classes)

    @cached_property
    def spread(self) -> Floats:
        """That of every view, float64 [views, classes]."""
        return np.stack([view.spread for view in self.views])

    @cached_property
    def decisive(self) -> Flags:
        """Whether classes are named differently at each rank, bool [ranks].

        Where all have one name, to answer with it says nothing.
        """
        named = self.classes >= 0
        least = np.where(named, self.classes, np.iinfo(np.int64).max).min(axis=0)
        most = self.classes.max(axis=0)
        several: Flags = named.any(axis=0) & (least != most)
        return several

    def neighbours(
        self, view: View, queries: Embeddings, groups: Codes | None = None, k: int = NEIGHBOURS
    ) -> tuple[Embeddings, Codes]:
        """Return the k nearest of all rows, see `compared`.

        Args:
            view: a working space.
            queries: float32 [q, out], unit rows there.
            groups: int64 [q], the queries' own specimens, never their neighbours.
            k: how many.
        """
        return compared(view.index, queries, k, self.usable, groups, self.groups)

    def part(self, chosen: Selection | None) -> Reference:
        """Return the part of the gallery that a filter leaves, kept for who asks again."""
        if chosen is None:
            return self
        part = self._parts.get(chosen)
        if part is None:
            part = self.restricted(chosen.allowed)._narrowed()
            while len(self._parts) >= _MOST_PARTS:
                self._parts.pop(next(iter(self._parts), chosen), None)
            self._parts[chosen] = part
        return part

    def restricted(self, allowed: NDArray[np.bool_]) -> Reference:
        """Return the part of the gallery that may be used.

        The classes that lose rows are computed anew; what varies how much in the likelihood stays
        as it was. The indexes stay too.

        Args:
            allowed: bool [n].
        """
        leaves = self.member[~allowed]
        size = len(self.classes)
        touched = np.flatnonzero(np.bincount(leaves[leaves >= 0], minlength=size))
        member = np.where(allowed, self.member, -1)
        seen = np.zeros(int(self.groups.max(initial=-1)) + 1, np.bool_)
        seen[self.groups[member >= 0]] = True
        pooled = np.where(seen[self.groups], self.pooled, -1)
        return self.with_members(member, pooled, touched)

    def _narrowed(self) -> Reference:
        """Return the reference with indexes that hold what few rows of many may be used."""
        usable = self.usable
        few = min(_MOST_EXACT, _FEW * len(self.index))
        if usable is None or usable.count > few or not is_large(self.index):
            return self
        places = np.flatnonzero(usable.allowed)
        views = (replace(view, index=SubsetIndex(view.index, places)) for view in self.views)
        return replace(self, views=tuple(views))

    def with_members(self, member: Codes, pooled: Codes, touched: Codes) -> Reference:
        """Return the reference with other members of some classes; empty classes go.

        Args:
            member: int64 [n], the class of every row, -1 for none.
            pooled: int64 [n], see above.
            touched: int64 [t], the classes that gain or lose rows, ascending; new ones too.
        """
        counts = np.bincount(member[member >= 0], minlength=len(self.classes))
        stays = counts > 0
        again = touched[stays[touched]]
        rows, of_row = rows_of(member, again, len(self.classes))
        views = tuple(view.with_rows(rows, of_row, again, counts) for view in self.views)
        rows, of_row = rows_of(pooled, again, len(self.classes))
        specimens = specimens_of(self.index, self.groups, rows, of_row)
        likelihood = self.likelihood.with_specimens(specimens, again, stays)
        if not stays.all():
            number = np.append(np.cumsum(stays) - 1, -1)
            member = np.where(member >= 0, number[member], -1)
            pooled = np.where(pooled >= 0, number[pooled], -1)
        return replace(
            self,
            classes=self.classes[stays],
            member=member,
            pooled=pooled,
            counts=counts[stays],
            views=views,
            likelihood=likelihood,
            _parts={},
        )


def build_reference(
    projections: Sequence[Projection], vectors: Embeddings, labels: Codes, groups: Codes
) -> Reference:
    """Project a gallery in memory and compute its class centres.

    Args:
        projections: the working spaces; neighbours are looked for in all but the last, where
            classes are compared by likelihood.
        vectors: float32 [n, dim], the encoder's unit rows.
        labels: int64 [n, ranks], taxa coarse to fine, -1 where not known.
        groups: int64 [n], specimens.

    Raises:
        ValueError: no row has a label.
    """
    named = (labels >= 0).any(axis=1)
    classes, inside = np.unique(labels[named], axis=0, return_inverse=True)
    member = np.full(len(labels), -1, np.int64)
    member[named] = inside.reshape(-1)
    return reference_over(FlatIndex(vectors), projections, classes, member, groups)


def reference_over(
    index: VectorIndex,
    projections: Sequence[Projection],
    classes: Codes,
    member: Codes,
    groups: Codes,
    indexes: Sequence[VectorIndex] = (),
    shape: Shape | None = None,
) -> Reference:
    """Project the rows of an index and compute the centres of their classes.

    Args:
        index: over n rows as the encoder gave them.
        projections: see `build_reference`.
        classes: int64 [classes, ranks], the lineages, each of some row.
        member: int64 [n], the class of every row, -1 for one without a label.
        groups: int64 [n], specimens.
        indexes: over the projected rows, of all working spaces but the last, where there are any.
        shape: of the last, where it was fitted before.

    Raises:
        ValueError: no row has a label.
    """
    if not len(classes):
        raise ValueError("no image of the gallery has a determination; name some specimens first")
    *shown, last = projections
    rows, of_row = rows_of(member, np.arange(len(classes)), len(classes))
    counts = np.bincount(of_row, minlength=len(classes))
    views = []
    spaces = indexes or [index_in(projection, index) for projection in shown]
    for projection, space in zip(shown, spaces, strict=True):
        empty = np.zeros((len(classes), projection.out), np.float32)
        centres, means = centres_of(space, rows, of_row, empty)
        views.append(View(projection, space, centres, means, spread_of(means, counts)))
    specimens = specimens_of(index, groups, rows, of_row)
    likelihood = fit_likelihood(last, specimens, len(classes), shape)
    return Reference(index, groups, classes, member, member, counts, tuple(views), likelihood)


def reference_of_parts(
    index: VectorIndex,
    projections: Sequence[Projection],
    classes: Codes,
    member: Codes,
    groups: Codes,
    indexes: Sequence[VectorIndex],
    parts: Parts,
) -> Reference:
    """Do as `reference_over` with the parts of a reference over the same rows and labels.

    Raises:
        KeyError, ValueError: they are of another.
    """
    *shown, last = projections
    counts = np.bincount(member[member >= 0], minlength=len(classes))
    views = []
    for number, (projection, space) in enumerate(zip(shown, indexes, strict=True)):
        centres, means = parts[f"centres {number}"], parts[f"means {number}"]
        views.append(View(projection, space, centres, means, spread_of(means, counts)))
    shape = Shape.from_parts(parts)
    likelihood = Likelihood.of(last, shape, Specimens(parts["counts"], parts["sums"]))
    return Reference(index, groups, classes, member, member, counts, tuple(views), likelihood)


def parts_of(reference: Reference) -> dict[str, NDArray[Any]]:
    """Return the arrays over classes, which take long to work out, by name."""
    parts: dict[str, NDArray[Any]] = dict(reference.likelihood.shape.parts)
    parts |= reference.likelihood.specimens._asdict()
    for number, view in enumerate(reference.views):
        parts |= {f"centres {number}": view.centres, f"means {number}": view.means}
    return parts


def index_in(projection: Projection, index: VectorIndex) -> VectorIndex:
    """Return an index over projected rows: exact for a few, in lists at half precision for many."""
    if not is_large(index):
        return FlatIndex(projection.apply(index.vectors))
    return HalfIndex.build(len(index), lambda places: projection.apply(index.rows(places)))


def is_large(index: VectorIndex) -> bool:
    """Return whether working spaces of an index are sorted into lists."""
    return len(index) > _MOST_EXACT

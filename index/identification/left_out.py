"""What classes are without the specimens that ask: nobody is evidence for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Codes, Embeddings, Floats
from .classes import centres_of, pool_specimens
from .likelihood import Specimens
from .reference import Reference


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What the classes of queries' specimens are without them, for p pairs of query and class.

    Attributes:
        queries: int64 [p], ascending.
        classes: int64 [p], ascending within a query.
        counts: int64 [p], the rows that each keeps.
        centres: of each view, float32 [p, out].
        means: of each view, float64 [p], as those of `View`.
        specimens: the classes as the likelihood sees them, p of them.
    """

    queries: Codes
    classes: Codes
    counts: Codes
    centres: tuple[Embeddings, ...]
    means: tuple[Floats, ...]
    specimens: Specimens

    @property
    def gone(self) -> Codes:
        """The queries and the classes, int64 [2, g], that have no rows but the query's own."""
        none = self.counts == 0
        return np.stack([self.queries[none], self.classes[none]])

    def padded(self, count: int) -> Codes:
        """Return the classes of each of so many queries, int64 [count, m], -1 as padding."""
        each = np.bincount(self.queries, minlength=count)
        starts = np.cumsum(each) - each
        classes = np.full((count, int(each.max(initial=0))), -1, np.int64)
        classes[self.queries, np.arange(len(self.queries)) - starts[self.queries]] = self.classes
        return classes


def left_out(reference: Reference, own: Sequence[Codes]) -> LeftOut | None:
    """Return what some classes are without the specimens of queries; None where none counts.

    Args:
        reference: the gallery.
        own: int64 [·] for each query, all rows of its own specimens.
    """
    size = len(reference.classes)
    rows = np.concatenate([*own, np.empty(0, np.int64)])
    asking = np.repeat(np.arange(len(own)), [len(one) for one in own])
    used = reference.member[rows] >= 0
    if not used.any():
        return None
    taken = asking[used], rows[used]
    pairs = np.unique(taken[0] * size + reference.member[taken[1]])
    queries, classes = np.divmod(pairs, size)
    left, of_row = _others(reference, queries, classes, taken)
    found = [centres_of(v.index, left, of_row, v.centres[classes]) for v in reference.views]
    seen = reference.pooled[rows] >= 0
    asking, rows = asking[seen], rows[seen]
    groups = asking * (int(reference.groups[rows].max()) + 1) + reference.groups[rows]
    vectors, first = pool_specimens(reference.index.rows(rows), groups)
    place = np.searchsorted(pairs, asking[first] * size + reference.pooled[rows[first]])
    return LeftOut(
        queries,
        classes,
        np.bincount(of_row, minlength=len(pairs)),
        tuple(centres for centres, _ in found),
        tuple(means for _, means in found),
        reference.likelihood.without(classes, vectors, place),
    )


def _others(
    reference: Reference, queries: Codes, classes: Codes, taken: tuple[Codes, Codes]
) -> tuple[Codes, Codes]:
    """Return the rows of classes that are not taken, pair by pair, and the pair of each.

    Args:
        queries, classes: int64 [p], the pairs.
        taken: int64 [t] each, queries and rows.
    """
    order, starts = reference.by_class
    sizes = starts[classes + 1] - starts[classes]
    pair = np.repeat(np.arange(len(classes)), sizes)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rows = order[starts[classes][pair] + within]
    count = len(reference.member)
    gone = np.isin(queries[pair] * count + rows, taken[0] * count + taken[1])
    return rows[~gone], pair[~gone]

"""A labelled gallery as the working spaces of identification show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..arrays import Codes, Embeddings, Floats
from ..vectors.brute_force import exact_knn, nearest_rows
from ..vectors.projection import Projection
from .classes import Changed, changed_classes
from .likelihood import Likelihood, fit_likelihood
from .votes import NEIGHBOURS

MOST_IMAGES = 5  # of one specimen, as an identification takes
_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class View:
    """The gallery in one space.

    Attributes:
        projection: what leads there from the encoder's vectors.
        vectors: float32 [n, out], unit rows.
        centres: float32 [classes, out], unit mean of every class.
        means: float64 [classes], mean cosine of the members to the centre of the others; of a
            class of one it means nothing.
        spread: float64 [classes], the same, where a class of one takes the average.
    """

    projection: Projection
    vectors: Embeddings
    centres: Embeddings
    means: Floats
    spread: Floats

    def restricted(self, changed: Changed, counts: Codes) -> View:
        """Return the view with the centres of some classes computed anew.

        Args:
            changed: which classes have lost rows.
            counts: int64 [classes that stay], their rows.
        """
        centres, means = _centres(self.vectors[changed.rows], changed.member, len(changed.classes))
        centres = changed.written(self.centres, centres)
        means = changed.written(self.means, means)
        return replace(self, centres=centres, means=means, spread=_spread(means, counts))


@dataclass(frozen=True, eq=False)
class Reference:
    """What queries are compared with.

    Attributes:
        rows: int64 [n], where the rows that have any label stand in the gallery.
        vectors: float32 [n, dim], as the encoder gave them.
        groups: int64 [n], their specimens.
        classes: int64 [classes, ranks], the different lineages, coarse to fine, -1 not known.
        member: int64 [n], the class of every row, -1 for one that may not be used.
        views: the gallery in every working space that neighbours are looked for in.
        likelihood: its specimens as a model of classes sees them.
        specimen: int64 [n], the place of every row's specimen in the likelihood.
        used: bool [n], the rows that may be used; None for all.
    """

    rows: Codes
    vectors: Embeddings
    groups: Codes
    classes: Codes
    member: Codes
    views: tuple[View, ...]
    likelihood: Likelihood
    specimen: Codes
    used: NDArray[np.bool_] | None = None

    def restricted(self, allowed: NDArray[np.bool_]) -> Reference:
        """Return the part of a whole gallery that may be used, its class centres computed anew.

        Nothing is copied that depends on rows alone, and only classes that lose some are computed.

        Args:
            allowed: bool [gallery], over the whole gallery that the reference was built from.
        """
        used = allowed[self.rows]
        if used.all():
            return self
        changed = changed_classes(self.member, used, len(self.classes))
        numbers = np.append(np.cumsum(changed.kept) - 1, -1)
        member = np.where(used, numbers[self.member], -1)
        classes = self.classes[changed.kept]
        counts = np.bincount(member[used], minlength=len(classes))
        specimens = np.zeros(len(self.likelihood.specimens), bool)
        specimens[self.specimen[used]] = True
        return replace(
            self,
            classes=classes,
            member=member,
            views=tuple(view.restricted(changed, counts) for view in self.views),
            likelihood=self.likelihood.restricted(specimens),
            used=used,
        )

    def neighbours(
        self, gallery: Embeddings, queries: Embeddings, groups: Codes | None, k: int = NEIGHBOURS
    ) -> tuple[Embeddings, Codes]:
        """Return the k nearest: scores float32 and places int64 [q, k], padded as `exact_knn` does.

        Args:
            gallery: float32 [n, out], `vectors` or those of a view.
            queries: float32 [q, out], unit rows of the same space.
            groups: int64 [q], the queries' own specimens, never their neighbours.
            k: how many.
        """
        if groups is None and len(queries) == 1:
            return nearest_rows(queries[0], gallery, k, self.used)
        own = None if groups is None else self.groups
        if self.used is None:
            return exact_knn(queries, gallery, k, query_groups=groups, gallery_groups=own)
        places = np.append(np.flatnonzero(self.used), -1)  # the last one is for padding
        kept = places[:-1]
        scores, found = exact_knn(
            queries,
            gallery[kept],
            k,
            query_groups=groups,
            gallery_groups=None if own is None else own[kept],
        )
        return scores, places[found]


def build_reference(
    projections: Sequence[Projection], vectors: Embeddings, labels: Codes, groups: Codes
) -> Reference:
    """Project a gallery and compute its class centres.

    Args:
        projections: the working spaces; neighbours are looked for in all but the last, where
            classes are compared by likelihood.
        vectors: float32 [n, dim], the encoder's unit rows.
        labels: int64 [n, ranks], taxa coarse to fine, -1 where not known.
        groups: int64 [n], specimens.

    Raises:
        ValueError: no row has a label.
    """
    rows = np.flatnonzero((labels >= 0).any(axis=1))
    if not len(rows):
        raise ValueError("no image of the gallery has a determination; name some specimens first")
    used = vectors if len(rows) == len(vectors) else vectors[rows]  # mostly all: without a copy
    own = groups[rows]
    classes, member = np.unique(labels[rows], axis=0, return_inverse=True)
    member = member.reshape(-1)
    *shown, last = projections
    pooled, first = pool_specimens(used, own)
    return Reference(
        rows,
        used,
        own,
        classes,
        member,
        tuple(_view(p, p.apply(used), member, len(classes)) for p in shown),
        fit_likelihood(last, pooled, member[first]),
        np.unique(own, return_inverse=True)[1],
    )


def pool_specimens(vectors: Embeddings, groups: Codes) -> tuple[Embeddings, Codes]:
    """Return one query per specimen: the normalised mean of its first 5 images, and its first row.

    Args:
        vectors: float32 [n, dim], unit rows.
        groups: int64 [n], specimens.
    """
    order = np.argsort(groups, kind="stable")
    specimens, starts, member = np.unique(groups[order], return_index=True, return_inverse=True)
    kept = np.arange(len(order)) - starts[member] < MOST_IMAGES
    sums = np.zeros((len(specimens), vectors.shape[1]))
    np.add.at(sums, member[kept], vectors[order[kept]])
    means = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return means.astype(np.float32), order[starts]


def _view(projection: Projection, vectors: Embeddings, member: Codes, classes: int) -> View:
    centres, means = _centres(vectors, member, classes)
    spread = _spread(means, np.bincount(member, minlength=classes))
    return View(projection, vectors, centres, means, spread)


def _centres(vectors: Embeddings, member: Codes, classes: int) -> tuple[Embeddings, Floats]:
    """Return every class's centre and its members' mean cosine to the centre of the others."""
    order = np.argsort(member, kind="stable")
    starts = np.searchsorted(member[order], np.arange(classes))
    sums = np.add.reduceat(vectors[order], starts, axis=0) if len(order) else vectors[:0]
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    centres = (sums / np.maximum(lengths, _TINY)).astype(np.float32)
    others = sums[member] - vectors
    lengths = np.linalg.norm(others, axis=1)
    cosines = np.einsum("ij,ij->i", others, vectors) / np.maximum(lengths, _TINY)
    counts = np.bincount(member, minlength=classes)
    return centres, np.bincount(member, cosines, minlength=classes) / np.maximum(counts, 1)


def _spread(means: Floats, counts: Codes) -> Floats:
    several = counts > 1
    average = means[several].mean() if several.any() else 0.0
    return np.where(several, means, average)

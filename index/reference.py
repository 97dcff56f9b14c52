"""A labelled gallery as the working spaces of identification show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .knn import Codes, Embeddings, exact_knn
from .likelihood import Likelihood, fit_likelihood
from .projection import Projection
from .votes import NEIGHBOURS, Floats

MOST_IMAGES = 5  # of one specimen, as an identification takes
_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class View:
    """The gallery in one space.

    Attributes:
        projection: what leads there from the encoder's vectors.
        vectors: float32 [n, out], unit rows.
        centres: float32 [classes, out], unit mean of every class.
        spread: float64 [classes], mean cosine of the members to the centre of the others.
            A class of one takes the average.
    """

    projection: Projection
    vectors: Embeddings
    centres: Embeddings
    spread: Floats


@dataclass(frozen=True, eq=False)
class Reference:
    """What queries are compared with.

    Attributes:
        rows: int64 [n], where the rows that have any label stand in the gallery.
        vectors: float32 [n, dim], as the encoder gave them.
        groups: int64 [n], their specimens.
        classes: int64 [classes, ranks], the different lineages, coarse to fine, -1 not known.
        member: int64 [n], the class of every row.
        views: the gallery in every working space that neighbours are looked for in.
        likelihood: its specimens as a model of classes sees them.
        specimen: int64 [n], the place of every row's specimen in the likelihood.
    """

    rows: Codes
    vectors: Embeddings
    groups: Codes
    classes: Codes
    member: Codes
    views: tuple[View, ...]
    likelihood: Likelihood
    specimen: Codes

    def restricted(self, allowed: NDArray[np.bool_]) -> Reference:
        """Return the part of the gallery that may be used, its class centres computed anew.

        Args:
            allowed: bool [gallery], over the whole gallery that the reference was built from.
        """
        kept = np.flatnonzero(allowed[self.rows])
        classes, member = np.unique(self.member[kept], return_inverse=True)
        specimens, first, specimen = np.unique(
            self.specimen[kept], return_index=True, return_inverse=True
        )
        return Reference(
            self.rows[kept],
            self.vectors[kept],
            self.groups[kept],
            self.classes[classes],
            member,
            tuple(
                _view(view.projection, view.vectors[kept], member, len(classes))
                for view in self.views
            ),
            self.likelihood.restricted(specimens, member[first]),
            specimen,
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
        own = None if groups is None else self.groups
        return exact_knn(queries, gallery, k, query_groups=groups, gallery_groups=own)


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
    used, own = vectors[rows], groups[rows]
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
    order = np.argsort(member, kind="stable")
    starts = np.searchsorted(member[order], np.arange(classes))
    sums = np.add.reduceat(vectors[order], starts, axis=0) if len(order) else vectors[:0]
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    centres = (sums / np.maximum(lengths, _TINY)).astype(np.float32)
    return View(projection, vectors, centres, _spread(vectors, sums, member))


def _spread(vectors: Embeddings, sums: Embeddings, member: Codes) -> Floats:
    """Return every class's mean cosine between a member and the centre of the others."""
    others = sums[member] - vectors
    lengths = np.linalg.norm(others, axis=1)
    cosines = np.einsum("ij,ij->i", others, vectors) / np.maximum(lengths, _TINY)
    counts = np.bincount(member, minlength=len(sums))
    means = np.bincount(member, cosines, minlength=len(sums)) / np.maximum(counts, 1)
    average = means[counts > 1].mean() if (counts > 1).any() else 0.0
    return np.where(counts > 1, means, average)

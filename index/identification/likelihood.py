"""How much likelier a specimen is in a class of the gallery than in a class never seen.

The two-covariance model: class centres scatter normally around the overall mean, specimens
normally around their centre. The ratio of the two likelihoods of a specimen, given the specimens
that the class has, is probabilistic linear discriminant analysis (Ioffe, ECCV 2006; Prince and
Elder, ICCV 2007; in this form Brümmer and de Villiers, Odyssey 2010). Unlike a cosine it knows how
little a class of one specimen says, and what an unseen class would look like.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Codes, Embeddings, Floats
from ..vectors.projection import Projection

_SHARED = 0.03  # of the between-class variance, dealt evenly over all directions of the space
_TINY = 1e-12


class Specimens(NamedTuple):
    """The specimens of classes: how many, float64 [classes], and their sums [classes, a]."""

    counts: Floats
    sums: Floats


@dataclass(frozen=True, eq=False)
class _Shared:
    """What all classes of one number of specimens have in common, for n such numbers.

    Attributes:
        trust: float64 [n, a], how far the specimens pull what is expected of the next one.
        inverse: float64 [n, a], one over the variance expected along the axes.
        elsewhere: float64 [n], the variance expected in any other direction.
        offset: float64 [n], the part of the log-ratio that no specimen changes.
    """

    trust: Floats
    inverse: Floats
    elsewhere: Floats
    offset: Floats


@dataclass(frozen=True, eq=False)
class _Placed:
    """A query: along the axes float64 [a], squared, and the square of what lies beside them."""

    along: Floats
    squares: Floats
    beside: float


@dataclass(frozen=True, eq=False)
class Likelihood:
    """A gallery under the two-covariance model, in a space where classes scatter evenly.

    Attributes:
        projection: what leads into the space, from the encoder's vectors.
        scale: what makes unit rows have a variance of 1 within classes.
        origin: float64 [dim], the overall mean.
        axes: float64 [dim, a], orthonormal, along which class centres differ.
        between: float64 [a], the variance of class centres along them.
        elsewhere: the variance of class centres in any other direction.
        specimens: the gallery's, along the axes.
    """

    projection: Projection
    scale: float
    origin: Floats
    axes: Floats
    between: Floats
    elsewhere: float
    specimens: Specimens

    def along(self, vectors: Embeddings) -> Floats:
        """Return the encoder's unit rows, float32 [q, dim], along the axes: float64 [q, a]."""
        placed: Floats = self._place(vectors) @ self.axes
        return placed

    def _place(self, vectors: Embeddings) -> Floats:
        placed: Floats = self.projection.apply(vectors).astype(np.float64)
        return placed * self.scale - self.origin

    def with_specimens(
        self,
        specimens: Iterable[tuple[Embeddings, Codes]],
        classes: Codes,
        stays: NDArray[np.bool_],
    ) -> Likelihood:
        """Return the model with other specimens of some classes; what varies how much stays.

        Args:
            specimens: unit rows float32 [s, dim] and the places of their classes int64 [s].
            classes: int64 [m], the classes; one may be new.
            stays: bool [all classes], which there are from now on.
        """
        found = Specimens(np.zeros(len(classes)), np.zeros((len(classes), len(self.between))))
        for vectors, place in specimens:
            _add(found, self.along(vectors), place)
        both = zip(self.specimens, found, strict=True)
        now = Specimens(*(written(old, classes, new, stays) for old, new in both))
        return replace(self, specimens=now)

    def without(self, classes: Codes, vectors: Embeddings, place: Codes) -> Specimens:
        """Return the specimens of some classes without some of them.

        Args:
            classes: int64 [m].
            vectors: float32 [s, dim], the specimens' unit rows.
            place: int64 [s], the places of their classes among these.
        """
        left = Specimens(self.specimens.counts[classes], self.specimens.sums[classes])
        _add(left, -self.along(vectors), place, -1)
        return left

    def log_ratios(self, vectors: Embeddings, classes: Sequence[Codes]) -> list[Floats]:
        """Return log p(specimen | class) - log p(specimen | a class never seen).

        Args:
            vectors: float32 [q, dim], the encoder's unit rows.
            classes: int64 [m] for each, what it is compared with.

        Returns:
            float64 [m] for each.
        """
        shared, kind = self._kinds
        return [
            self._ratios(query, shared, kind[wanted], self.specimens.sums[wanted])
            for query, wanted in zip(self._queries(vectors), classes, strict=True)
        ]

    def log_ratios_to(self, vector: Embeddings, specimens: Specimens) -> Floats:
        """Return the same of one vector, float32 [dim], and classes that are given: float64 [m]."""
        (query,) = self._queries(vector[None])
        kinds = np.arange(len(specimens.counts))
        return self._ratios(query, self._shared(specimens.counts), kinds, specimens.sums)

    def _queries(self, vectors: Embeddings) -> list[_Placed]:
        placed = self._place(vectors)
        along = placed @ self.axes
        squares = along**2
        beside = np.maximum((placed**2).sum(axis=1) - squares.sum(axis=1), 0)
        return [_Placed(*one) for one in zip(along, squares, beside.tolist(), strict=True)]

    def _ratios(self, query: _Placed, shared: _Shared, kind: Codes, sums: Floats) -> Floats:
        """Return the log-ratios of classes, float64 [m].

        Args:
            query: what is compared.
            shared: of all numbers of specimens.
            kind: int64 [m], the place of each class's number there.
            sums: float64 [m, a], of its specimens.
        """
        expected = shared.trust[kind] * sums
        apart = (expected - 2 * query.along) * expected
        distance = shared.inverse @ query.squares + query.beside / shared.elsewhere
        distance = distance[kind] + np.einsum("ma,ma->m", apart, shared.inverse[kind])
        unseen = (query.squares / (1 + self.between)).sum() + query.beside / (1 + self.elsewhere)
        ratios: Floats = shared.offset[kind] + (unseen - distance) / 2
        return ratios

    @cached_property
    def _kinds(self) -> tuple[_Shared, Codes]:
        """The numbers of specimens that classes have, and which each class has."""
        numbers, kind = np.unique(self.specimens.counts, return_inverse=True)
        return self._shared(numbers), kind

    def _shared(self, counts: Floats) -> _Shared:
        trust = self.between / (1 + counts[:, None] * self.between)
        other = self.elsewhere / (1 + counts * self.elsewhere)
        rest = len(self.origin) - len(self.between)
        offset = 0.5 * (np.log1p(self.between) - np.log1p(trust)).sum(axis=1)
        offset += 0.5 * rest * (np.log1p(self.elsewhere) - np.log1p(other))
        return _Shared(trust, 1 / (1 + trust), 1 + other, offset)


def fit_likelihood(
    projection: Projection, specimens: Iterable[tuple[Embeddings, Codes]], classes: int
) -> Likelihood:
    """Fit the model on the specimens of a gallery.

    Args:
        projection: into a space where the scatter within classes is about the same in every
            direction, as `wccn` makes it.
        specimens: the encoder's unit rows float32 [s, dim], one a specimen, and their classes
            int64 [s], in blocks.
        classes: how many there are; every one has a specimen.
    """
    placed = Specimens(np.zeros(classes), np.zeros((classes, projection.out)))
    squares = 0.0
    for vectors, member in specimens:
        rows = projection.apply(vectors).astype(np.float64)
        _add(placed, rows, member)
        squares += float((rows**2).sum())
    centres = placed.sums / placed.counts[:, None]
    scale = 1 / np.sqrt(max(_within(placed, centres, squares), _TINY))
    origin = centres.mean(axis=0)
    spread, axes = _axes(centres - origin)
    variance = (scale * spread) ** 2 / max(classes - 1, 1)
    between = np.maximum(variance - (1 / placed.counts).mean(), 0)  # less the centres' own error
    shared = _SHARED * between.sum() / len(origin)
    between = (1 - _SHARED) * between + shared
    along = (placed.sums - placed.counts[:, None] * origin) @ axes.T * scale
    return Likelihood(
        projection,
        float(scale),
        scale * origin,
        axes.T,
        between,
        float(shared),
        Specimens(placed.counts, along),
    )


def written(
    old: NDArray[Any], classes: Codes, new: NDArray[Any], stays: NDArray[np.bool_]
) -> NDArray[Any]:
    """Return an array over classes with some of them written anew, without those that go.

    Args:
        old: [classes before, …].
        classes: int64 [m], the places of those that are new or change.
        new: [m, …].
        stays: bool [all classes], those before and new ones.
    """
    values = np.empty((len(stays), *old.shape[1:]), old.dtype)
    values[: len(old)] = old
    values[classes] = new
    return values if stays.all() else values[stays]


def _add(specimens: Specimens, rows: Floats, place: Codes, each: int = 1) -> None:
    """Add rows to the sums of their classes, in place, and `each` to the counts."""
    order = np.argsort(place, kind="stable")
    found, starts, counts = np.unique(place[order], return_index=True, return_counts=True)
    if len(found):
        specimens.sums[found] += np.add.reduceat(rows[order], starts, axis=0)
        specimens.counts[found] += each * counts


def _axes(centres: Floats) -> tuple[Floats, Floats]:
    """Return how far centres spread, float64 [a], along orthonormal axes, float64 [a, dim].

    Args:
        centres: float64 [classes, dim], less their mean: they spread along one axis less.
    """
    classes, dim = centres.shape
    if classes <= 2 * dim:
        _, spread, axes = np.linalg.svd(centres, full_matrices=False)
        return spread[: classes - 1], axes[: classes - 1]  # another would be any direction
    values, vectors = np.linalg.eigh(centres.T @ centres)  # of many classes in a tenth of the time
    return np.sqrt(np.maximum(values, 0)), vectors.T


def _within(placed: Specimens, centres: Floats, squares: float) -> float:
    """Return the variance within classes, a direction; of all where each class has one specimen.

    Args:
        squares: the sum of all specimens' squares.
    """
    count, dim = placed.counts.sum(), centres.shape[1]
    spare = count - len(centres)
    if spare < 1:
        mean = placed.sums.sum(axis=0) / count
        return float((squares / count - mean @ mean) / dim)
    return float((squares - (placed.counts * (centres**2).sum(axis=1)).sum()) / spare / dim)

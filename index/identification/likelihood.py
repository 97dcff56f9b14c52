"""How much likelier a specimen is in a class of the gallery than in a class never seen.

The two-covariance model: class centres scatter normally around the overall mean, specimens
normally around their centre. The ratio of the two likelihoods of a specimen, given the specimens
that the class has, is probabilistic linear discriminant analysis (Ioffe, ECCV 2006; Prince and
Elder, ICCV 2007; in this form Brümmer and de Villiers, Odyssey 2010). Unlike a cosine it knows how
little a class of one specimen says, and what an unseen class would look like.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Codes, Embeddings, Floats
from ..vectors.projection import Projection

_SHARED = 0.03  # of the between-class variance, dealt evenly over all directions of the space
_TINY = 1e-12
_BLOCK = 4096  # classes at once


class Specimens(NamedTuple):
    """The specimens of classes: how many, float64 [classes], and their sums [classes, a]."""

    counts: Floats
    sums: Floats


@dataclass(frozen=True, eq=False)
class Shape:
    """How much varies in which direction, in a space where classes scatter evenly.

    Attributes:
        scale: what makes unit rows have a variance of 1 within classes.
        origin: float64 [dim], the overall mean.
        axes: float64 [dim, a], orthonormal, along which class centres differ.
        between: float64 [a], the variance of class centres along them.
        elsewhere: the variance of class centres in any other direction.
    """

    scale: float
    origin: Floats
    axes: Floats
    between: Floats
    elsewhere: float

    @property
    def parts(self) -> dict[str, Floats]:
        """The arrays that it consists of, by name."""
        return {
            "scales": np.array([self.scale, self.elsewhere]),
            "origin": self.origin,
            "axes": np.ascontiguousarray(self.axes),
            "between": self.between,
        }

    @classmethod
    def from_parts(cls, parts: Mapping[str, NDArray[Any]]) -> Shape:
        """Read what `parts` gave.

        Raises:
            KeyError, ValueError: one is missing, has another shape, or holds what no fit gives.
        """
        scales, origin, axes, between = (
            parts[name] for name in ("scales", "origin", "axes", "between")
        )
        sizes = (*origin.shape, *between.shape)
        if scales.shape != (2,) or axes.shape != sizes or (origin.ndim, between.ndim) != (1, 1):
            raise ValueError(f"a shape of {scales.shape}, {origin.shape}, {axes.shape}")
        for values in (scales, origin, axes, between):
            if values.dtype != np.float64 or not np.isfinite(values).all():
                raise ValueError("its shape holds what is no finite float64")
        if scales[0] <= 0 or scales[1] < 0 or (between < 0).any():
            raise ValueError("its shape holds a variance below 0")
        return cls(float(scales[0]), origin, axes, between, float(scales[1]))

    def shared(self, counts: Floats) -> _Shared:
        """Return what classes of these numbers of specimens, float64 [n], have in common."""
        trust = self.between / (1 + counts[:, None] * self.between)
        other = self.elsewhere / (1 + counts * self.elsewhere)
        rest = len(self.origin) - len(self.between)
        offset = 0.5 * (np.log1p(self.between) - np.log1p(trust)).sum(axis=1)
        offset += 0.5 * rest * (np.log1p(self.elsewhere) - np.log1p(other))
        return _Shared(trust / (1 + trust), trust, 1 / (1 + trust), 1 + other, offset)


class _Shared(NamedTuple):
    """What all classes of one number of specimens have in common, for n such numbers.

    Attributes:
        pull: float64 [n, a], what a product of specimens and query along the axes counts.
        trust: float64 [n, a], how far the specimens pull what is expected of the next one.
        inverse: float64 [n, a], one over the variance expected along the axes.
        elsewhere: float64 [n], the variance expected in any other direction.
        offset: float64 [n], the part of the log-ratio that no specimen changes.
    """

    pull: Floats
    trust: Floats
    inverse: Floats
    elsewhere: Floats
    offset: Floats


class Placed(NamedTuple):
    """Queries: along the axes float64 [q, a], squared, and the squares of what lies beside them."""

    along: Floats
    squares: Floats
    beside: Floats


@dataclass(frozen=True, eq=False)
class Likelihood:
    """A gallery under the two-covariance model.

    Attributes:
        projection: what leads into the model's space, from the encoder's vectors.
        shape: of that space.
        specimens: the gallery's, along the axes.
        heights: float64 [classes], the part of the log-ratios that is each class's own.
    """

    projection: Projection
    shape: Shape
    specimens: Specimens
    heights: Floats

    @classmethod
    def of(cls, projection: Projection, shape: Shape, specimens: Specimens) -> Likelihood:
        """Return the model of a gallery's specimens."""
        return cls(projection, shape, specimens, _heights(shape, specimens))

    def along(self, vectors: Embeddings) -> Floats:
        """Return the encoder's unit rows, float32 [q, dim], along the axes: float64 [q, a]."""
        placed: Floats = self._place(vectors) @ self.shape.axes
        return placed

    def _place(self, vectors: Embeddings) -> Floats:
        placed: Floats = self.projection.apply(vectors).astype(np.float64)
        return placed * self.shape.scale - self.shape.origin

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
        found = self._summed(specimens, len(classes))
        old, new = (*self.specimens, self.heights), (*found, _heights(self.shape, found))
        pairs = zip(old, new, strict=True)
        counts, sums, heights = (written(one, classes, other, stays) for one, other in pairs)
        return replace(self, specimens=Specimens(counts, sums), heights=heights)

    def _summed(self, specimens: Iterable[tuple[Embeddings, Codes]], classes: int) -> Specimens:
        found = Specimens(np.zeros(classes), np.zeros((classes, len(self.shape.between))))
        for vectors, place in specimens:
            _add(found, self.along(vectors), place)
        return found

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

    def placed(self, vectors: Embeddings) -> Placed:
        """Return queries, the encoder's unit rows float32 [q, dim], as they are compared."""
        placed = self._place(vectors)
        along = placed @ self.shape.axes
        squares = along**2
        beside = np.maximum((placed**2).sum(axis=1) - squares.sum(axis=1), 0)
        return Placed(along, squares, beside)

    def log_ratios(self, queries: Placed, classes: Sequence[Codes]) -> list[Floats]:
        """Return log p(specimen | class) - log p(specimen | a class never seen).

        Args:
            queries: q of them.
            classes: int64 [m] for each, what it is compared with.

        Returns:
            float64 [m] for each.
        """
        shared, kind = self._kinds
        return [
            base[kind[wanted]]
            + (shared.pull[kind[wanted]] * self.specimens.sums[wanted]) @ along
            - self.heights[wanted]
            for base, along, wanted in zip(
                self._apart(queries, shared), queries.along, classes, strict=True
            )
        ]

    def log_ratios_to_all(self, vectors: Embeddings) -> Floats:
        """Return the same of every vector, float32 [q, dim], and every class: float64 [q, all]."""
        shared, kind = self._kinds
        queries = self.placed(vectors)
        ratios: Floats = queries.along @ self._pulls.T
        ratios += self._apart(queries, shared)[:, kind]
        ratios -= self.heights
        return ratios

    def log_ratios_to(self, queries: Placed, specimens: Specimens) -> Floats:
        """Return the same of queries and classes that are given, m of them: float64 [q, m]."""
        shared = self.shape.shared(specimens.counts)
        ratios: Floats = self._apart(queries, shared) - _heights(self.shape, specimens)
        ratios += ((shared.pull * specimens.sums) @ queries.along.T).T
        return ratios

    def _apart(self, queries: Placed, shared: _Shared) -> Floats:
        """Return the part of the log-ratios that the specimens' sums leave alone, float64 [q, n].

        Args:
            shared: of n numbers of specimens.
        """
        shape = self.shape
        distance = queries.squares @ shared.inverse.T + queries.beside[:, None] / shared.elsewhere
        unseen = queries.squares @ (1 / (1 + shape.between))
        unseen += queries.beside / (1 + shape.elsewhere)
        apart: Floats = shared.offset + (unseen[:, None] - distance) / 2
        return apart

    @cached_property
    def _pulls(self) -> Floats:
        """What a query is multiplied with for every class, float64 [classes, a]."""
        shared, kind = self._kinds
        pulls: Floats = shared.pull[kind] * self.specimens.sums
        return pulls

    @cached_property
    def _kinds(self) -> tuple[_Shared, Codes]:
        """The numbers of specimens that classes have, and which each class has."""
        numbers, kind = np.unique(self.specimens.counts, return_inverse=True)
        return self.shape.shared(numbers), kind


def fit_likelihood(
    projection: Projection,
    specimens: Iterable[tuple[Embeddings, Codes]],
    classes: int,
    shape: Shape | None = None,
) -> Likelihood:
    """Fit the model on the specimens of a gallery.

    Args:
        projection: into a space where the scatter within classes is about the same in every
            direction, as `wccn` makes it.
        specimens: the encoder's unit rows float32 [s, dim], one a specimen, and their classes
            int64 [s], in blocks.
        classes: how many there are; every one has a specimen.
        shape: of that space, where it was fitted before.
    """
    placed = Specimens(np.zeros(classes), np.zeros((classes, projection.out)))
    squares = 0.0
    for vectors, member in specimens:
        rows = projection.apply(vectors).astype(np.float64)
        _add(placed, rows, member)
        squares += float((rows**2).sum())
    shape = shape or _fit_shape(placed, squares)
    along = (placed.sums * shape.scale - placed.counts[:, None] * shape.origin) @ shape.axes
    return Likelihood.of(projection, shape, Specimens(placed.counts, along))


def _fit_shape(placed: Specimens, squares: float) -> Shape:
    """Return how much varies in which direction.

    Args:
        placed: the specimens where they lie.
        squares: the sum of their squares.
    """
    classes, dim = placed.sums.shape
    centres = placed.sums / placed.counts[:, None]
    scale = 1 / np.sqrt(max(_within(placed, centres, squares), _TINY))
    origin = centres.mean(axis=0)
    spread, axes = _axes(centres - origin)
    variance = (scale * spread) ** 2 / max(classes - 1, 1)
    between = np.maximum(variance - (1 / placed.counts).mean(), 0)  # less the centres' own error
    shared = _SHARED * between.sum() / dim
    between = (1 - _SHARED) * between + shared
    return Shape(float(scale), scale * origin, axes.T, between, float(shared))


def _heights(shape: Shape, specimens: Specimens) -> Floats:
    """Return the part of the log-ratios that is the classes' own, float64 [classes]."""
    numbers, kind = np.unique(specimens.counts, return_inverse=True)
    shared = shape.shared(numbers)
    weights, heights = shared.pull * shared.trust / 2, np.empty(len(kind))
    for start in range(0, len(kind), _BLOCK):
        block = slice(start, start + _BLOCK)
        heights[block] = np.einsum("ca,ca->c", weights[kind[block]], specimens.sums[block] ** 2)
    return heights


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

"""What closed-form metric learning needs to know of labelled rows, gathered in one pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from holotype.index.arrays import Codes, Embeddings, Floats
from holotype.index.vectors.projection import signed_power

_BLOCK_ROWS = 8192
_FEW = 0.5  # rows a dimension up to which their own axes are found sooner than all
_LEAST = 1e-10  # share of the largest variance below which an axis is rounding


@dataclass(frozen=True, eq=False)
class Scatter:
    """Counts, class sums and second moments of labelled rows; its size is free of their number.

    Attributes:
        counts: float64 [classes], rows of each class, all above 0.
        sums: float64 [classes, dim].
        moment: float64 [dim, dim], the sum of x x^T over all rows.
        exponent: the signed power that the rows were raised to first.
        deviations: float64 [rows, dim], every row less the mean of its class; None where the rows
            are not few.
    """

    counts: Floats
    sums: Floats
    moment: Floats
    exponent: float
    deviations: Floats | None = None
    _whiteners: dict[float, Floats] = field(default_factory=dict, repr=False)

    @property
    def rows(self) -> int:
        """How many rows were gathered."""
        return int(self.counts.sum())

    @property
    def mean(self) -> Floats:
        """Mean of all rows, [dim]."""
        mean: Floats = self.sums.sum(axis=0) / self.rows
        return mean

    @property
    def centres(self) -> Floats:
        """Class means less the overall mean, [classes, dim]."""
        centres: Floats = self.sums / self.counts[:, None] - self.mean
        return centres

    @cached_property
    def within(self) -> Floats:
        """The within-class covariance, [dim, dim].

        Raises:
            ValueError: no class has two rows, so nothing varies within classes.
        """
        means = self.sums / np.sqrt(self.counts)[:, None]
        covariance: Floats = (self.moment - means.T @ means) / self._spare()
        return covariance

    def _spare(self) -> int:
        spare = self.rows - len(self.counts)
        if spare < 1:
            raise ValueError(
                f"{self.rows} rows of {len(self.counts)} classes leave nothing that varies within "
                "a class; at least one class needs two images"
            )
        return spare

    def whitener(self, shrinkage: float) -> Floats:
        """Return a [dim, dim] map that makes the shrunken within-class covariance the identity.

        Cosines do not depend on which of the many such maps it is; the Cholesky factor is the
        cheapest, and of few rows the symmetric root, from their own axes. Each is computed once.

        Args:
            shrinkage: share in (0, 1] of the average variance mixed into every direction.

        Raises:
            ValueError: the shrinkage is out of range, or no class has two rows.
        """
        if not 0 < shrinkage <= 1:
            raise ValueError(f"shrinkage is {shrinkage}; it must lie above 0 and be at most 1")
        if shrinkage not in self._whiteners:
            few = self.deviations is not None
            self._whiteners[shrinkage] = (self._root_of_few if few else self._root)(shrinkage)
        return self._whiteners[shrinkage]

    def _root(self, shrinkage: float) -> Floats:
        from scipy.linalg import solve_triangular  # what only serves or asks does without

        covariance = (1 - shrinkage) * self.within
        covariance[np.diag_indices_from(covariance)] += (
            shrinkage * np.trace(self.within) / len(covariance)
        )
        lower = np.linalg.cholesky(covariance)
        root: Floats = solve_triangular(lower, np.eye(len(lower)), lower=True).T
        return root

    def _root_of_few(self, shrinkage: float) -> Floats:
        """Do so from the axes that few rows vary along; all others vary by what is mixed in."""
        values, axes = self._axes
        if not len(values):
            raise np.linalg.LinAlgError("nothing varies within classes")
        dim = axes.shape[1]
        mixed = shrinkage * values.sum() / dim
        along = 1 / np.sqrt((1 - shrinkage) * values + mixed) - 1 / np.sqrt(mixed)
        root: Floats = (axes.T * along) @ axes
        root[np.diag_indices_from(root)] += 1 / np.sqrt(mixed)
        return root

    @cached_property
    def _axes(self) -> tuple[Floats, Floats]:
        """What few rows vary by within classes, float64 [m], and along what, unit rows [m, dim]."""
        assert self.deviations is not None
        spare = self._spare()
        values, mixes = np.linalg.eigh(self.deviations @ self.deviations.T / spare)
        kept = values > _LEAST * values[-1]
        axes: Floats = mixes[:, kept].T @ self.deviations
        return values[kept], axes / np.sqrt(values[kept] * spare)[:, None]

    @property
    def total(self) -> Floats:
        """The covariance of all rows, [dim, dim]."""
        covariance: Floats = self.moment / self.rows - np.outer(self.mean, self.mean)
        return covariance


def gather(
    vectors: Embeddings, labels: Codes, rows: Codes | None = None, *, exponent: float = 1.0
) -> Scatter:
    """Gather labelled rows, a block at a time.

    Args:
        vectors: float32 [n, dim]; a memory map will do.
        labels: int64 [n], class codes; rows with -1 are left out.
        rows: int64 [m], the rows to use; None takes all.
        exponent: see `Projection`.

    Raises:
        ValueError: no row has a label.
    """
    used = np.arange(len(labels)) if rows is None else rows
    used = used[labels[used] >= 0]
    if not len(used):
        raise ValueError("no row has a label; name some specimens first")
    classes, member = np.unique(labels[used], return_inverse=True)
    dim = vectors.shape[1]
    sums, moment = np.zeros((len(classes), dim)), np.zeros((dim, dim))
    few = len(used) <= min(_FEW * dim, _BLOCK_ROWS)
    deviations = None
    for start in range(0, len(used), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        values = signed_power(np.asarray(vectors[used[block]], np.float32), exponent)
        moment += values.T @ values
        _add_by_class(sums, member[block], values)
    counts = np.bincount(member).astype(np.float64)
    if few:
        deviations = values - (sums / counts[:, None])[member]
    return Scatter(counts, sums, moment, exponent, deviations)


def _add_by_class(sums: Floats, member: Codes, values: Embeddings) -> None:
    """Add rows to the sums of their classes, in place."""
    order = np.argsort(member, kind="stable")
    present, starts = np.unique(member[order], return_index=True)
    sums[present] += np.add.reduceat(values[order], starts, axis=0, dtype=np.float64)

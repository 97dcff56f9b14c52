"""Metric learning without gradients: linear maps that follow from class means and covariances.

Each takes a `Scatter` and returns a `Projection`; on 10,000 rows of 1280 numbers that is a second.
"""

from __future__ import annotations

import numpy as np

from holotype.index.arrays import Floats
from holotype.index.vectors.projection import Projection

from .scatter import Scatter

_FLOOR = 1e-3  # added to variances before dividing, as a share of the largest
_MOST_AXES = 256
_TINY = 1e-12


def power(scatter: Scatter) -> Projection:
    """Return the signed power alone, without any rotation or scaling."""
    dim = len(scatter.moment)
    return _projection(scatter, np.eye(dim), "power", {}, mean=np.zeros(dim))


def pca(scatter: Scatter, *, dim: int = 512, whitening: float = 0.5) -> Projection:
    """Return PCA with partial whitening; needs no labels.

    Args:
        scatter: the rows; labels do not matter.
        dim: axes to keep, at most.
        whitening: 0 rotates only, 1 makes all variances equal, 0.5 their square roots.
    """
    values, vectors = np.linalg.eigh(scatter.total)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = min(dim, int((values > 1e-9 * values[0]).sum()))
    scale = (values[:kept] + _FLOOR * values[0]) ** (-whitening / 2)
    arguments = {"dim": float(dim), "whitening": whitening}
    return _projection(scatter, vectors[:, :kept] * scale, "pca", arguments)


def wccn(scatter: Scatter, *, shrinkage: float = 0.3) -> Projection:
    """Return within-class covariance normalisation.

    What varies within species (pose, light, wear) is made as wide in every direction, so that it
    cannot drown what varies between them (Hatch, Kajarekar and Stolcke, Interspeech 2006).

    Args:
        scatter: labelled rows.
        shrinkage: share in (0, 1] of the average variance mixed into every direction.

    Raises:
        ValueError: the shrinkage is out of range, or no class has two rows.
    """
    return _projection(scatter, scatter.whitener(shrinkage), "wccn", {"shrinkage": shrinkage})


def lda(scatter: Scatter, *, shrinkage: float = 0.3, dim: int = _MOST_AXES) -> Projection:
    """Return linear discriminant analysis with a shrunken within-class covariance.

    Best for the species it was fitted on, worse than `wccn` for others (Fisher 1936; Friedman
    1989 for the shrinkage).

    Args:
        scatter: labelled rows.
        shrinkage: as for `wccn`.
        dim: axes to keep, at most one fewer than classes.
    """
    whitener = scatter.whitener(shrinkage)
    axes = _between(scatter, whitener, dim)
    arguments = {"shrinkage": shrinkage, "dim": float(dim)}
    return _projection(scatter, whitener @ axes, "lda", arguments)


def stretched(
    scatter: Scatter, *, shrinkage: float = 0.3, stretch: float = 1.5, dim: int = _MOST_AXES
) -> Projection:
    """Return `wccn` with the discriminant axes stretched: between `wccn` (1) and `lda` (infinite).

    It is what a concatenation of the two spaces computes, in one map of the encoder's own
    dimension: unseen species keep the directions that no known species differ in.

    Args:
        scatter: labelled rows.
        shrinkage: as for `wccn`.
        stretch: how much longer the discriminant axes are made, at least 1.
        dim: discriminant axes, at most.
    """
    whitener = scatter.whitener(shrinkage)
    axes = _between(scatter, whitener, dim)
    matrix = whitener + (stretch - 1) * (whitener @ axes) @ axes.T
    arguments = {"shrinkage": shrinkage, "stretch": stretch, "dim": float(dim)}
    return _projection(scatter, matrix, "stretched", arguments)


def _between(scatter: Scatter, whitener: Floats, dim: int) -> Floats:
    """Return orthonormal axes [dim, m] along which the whitened class means differ most.

    Every class counts the same, however many images it has.
    """
    centres = scatter.centres @ whitener
    kept = min(dim, len(centres) - 1, centres.shape[1])
    if len(centres) <= centres.shape[1]:  # the smaller of the two matrices gives the same axes
        values, mixes = np.linalg.eigh(centres @ centres.T)
        axes: Floats = centres.T @ (mixes / np.sqrt(np.maximum(values, _TINY)))[:, ::-1][:, :kept]
        return axes
    return np.linalg.eigh(centres.T @ centres)[1][:, ::-1][:, :kept]


def _projection(
    scatter: Scatter,
    matrix: Floats,
    kind: str,
    arguments: dict[str, float],
    mean: Floats | None = None,
) -> Projection:
    card = {"rows": scatter.rows, "classes": len(scatter.counts)}
    centre = scatter.mean if mean is None else mean
    return Projection(
        centre.astype(np.float32),
        matrix.astype(np.float32),
        kind,
        arguments,
        scatter.exponent,
        card,
    )

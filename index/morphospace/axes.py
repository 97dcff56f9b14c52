"""Principal axes of a space: the plane in which its images differ most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Embeddings, Floats

_BLOCK = 8192  # rows that are taken to float64 at once


@dataclass(frozen=True, eq=False)
class Axes:
    """The two first principal axes.

    Attributes:
        mean: float64 [dim].
        directions: float64 [dim, 2], orthonormal; zero where images differ in fewer directions.
        explained: float64 [2], the share of the variance along each.
    """

    mean: Floats
    directions: Floats
    explained: Floats

    def project(self, vectors: Embeddings) -> Embeddings:
        """Return where vectors, float32 [n, dim], lie along the axes, float32 [n, 2]."""
        places = np.empty((len(vectors), 2), np.float32)
        for start in range(0, len(vectors), _BLOCK):
            block = vectors[start : start + _BLOCK].astype(np.float64)
            places[start : start + _BLOCK] = (block - self.mean) @ self.directions
        return places


def principal_axes(vectors: Embeddings) -> Axes:
    """Return the principal axes of vectors, float32 [n, dim], n at least 1.

    The largest coordinate of each axis is positive, so that a map is never mirrored.
    """
    dim = vectors.shape[1]
    mean: Floats = np.asarray(vectors.mean(axis=0, dtype=np.float64))
    scatter = np.zeros((dim, dim))
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK].astype(np.float64) - mean
        scatter += block.T @ block
    values, columns = np.linalg.eigh(scatter)
    values = values.clip(min=0)
    total = values.sum()
    directions, explained = np.zeros((dim, 2)), np.zeros(2)
    for axis in range(min(2, dim)):
        if values[-1 - axis] <= 1e-12 * max(total, 1e-12):
            break  # images that are all alike lie on one point
        column = columns[:, -1 - axis]
        directions[:, axis] = column * np.sign(column[np.abs(column).argmax()])
        explained[axis] = values[-1 - axis] / total
    return Axes(mean, directions, explained)

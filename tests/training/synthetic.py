"""Embeddings drawn from a known model: families, genera and species as nested Gaussian clouds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes, Embeddings


class Sample(NamedTuple):
    vectors: Embeddings
    labels: Codes  # family, genus, species
    groups: Codes

    def where(self, rows: NDArray[np.bool_]) -> Sample:
        """Return the rows that a mask names."""
        return Sample(self.vectors[rows], self.labels[rows], self.groups[rows])


def draw_sample(
    *, species: int = 24, images: int = 10, dim: int = 40, seed: int = 0, frames: int = 1
) -> Sample:
    """Draw unit rows; what varies within species lies mostly in a few strong directions."""
    generator = np.random.default_rng(seed)
    lineage = np.stack([np.arange(species) // 8, np.arange(species) // 2, np.arange(species)], 1)
    centres = np.zeros((species, dim))
    for rank, width in enumerate((0.5, 0.4, 0.6)):
        centres += width * generator.standard_normal((species, dim))[lineage[:, rank]]
    nuisance = generator.standard_normal((6, dim)) * 1.2
    of = np.repeat(np.arange(species), images)
    noise = generator.standard_normal((len(of), 6)) @ nuisance
    rows = centres[of] + noise + 0.3 * generator.standard_normal((len(of), dim))
    rows = np.repeat(rows, frames, axis=0) + 0.05 * generator.standard_normal(
        (len(of) * frames, dim)
    )
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    groups = np.repeat(np.arange(len(of)), frames)
    return Sample(rows.astype(np.float32), lineage[np.repeat(of, frames)], groups)

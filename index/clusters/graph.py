"""Specimens that are linked by the probability of being one species."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ..arrays import Codes, Floats


@dataclass(frozen=True, eq=False)
class PairGraph:
    """n specimens and the pairs of them that may be one species; all other pairs have 0.

    Attributes:
        n: how many specimens.
        first, second: int64 [pairs], first < second, each pair once.
        probability: float64 [pairs] in [0, 1].
    """

    n: int
    first: Codes
    second: Codes
    probability: Floats

    def matrix(self) -> csr_array:
        """Return the symmetric matrix [n, n] of probabilities, 0 on the diagonal."""
        sides = (self.first, self.second), (self.second, self.first)
        row, column = (np.concatenate(side) for side in zip(*sides, strict=True))
        matrix = csr_array((np.tile(self.probability, 2), (row, column)), shape=(self.n, self.n))
        matrix.sort_indices()
        return matrix

    @property
    def spread(self) -> float:
        """How uneven species are: the ratio of the quartiles of the specimens' expected company.

        1 where every specimen has as many of its species beside it; a long tail has more.
        """
        ends = np.concatenate([self.first, self.second])
        company = 1 + np.bincount(ends, np.tile(self.probability, 2), self.n)
        low, high = np.quantile(company, (0.25, 0.75)) if self.n else (1.0, 1.0)
        return float(high / low)

    def among(self, places: Codes) -> PairGraph:
        """Return the graph of some of the specimens, int64 [m] ascending, numbered anew."""
        new = np.full(self.n, -1, np.int64)
        new[places] = np.arange(len(places))
        first, second = new[self.first], new[self.second]
        kept = (first >= 0) & (second >= 0)
        return PairGraph(len(places), first[kept], second[kept], self.probability[kept])

    def coherence(self, labels: Codes) -> Floats:
        """Return the mean probability with the others of the own cluster, float64 [n]; 0 alone."""
        same = labels[self.first] == labels[self.second]
        ends = np.concatenate([self.first[same], self.second[same]])
        total = np.bincount(ends, np.tile(self.probability[same], 2), self.n)
        others = np.bincount(labels)[labels] - 1
        found: Floats = total / np.maximum(others, 1)
        return found

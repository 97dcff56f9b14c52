"""Whether a figure goes with the number of images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from holotype.index.arrays import Floats

from .jsonable import Figures


@dataclass(frozen=True)
class Correlation(Figures):
    """Spearman's rank correlation.

    Attributes:
        rho: in [-1, 1]; NaN with fewer than three taxa or where one side is constant.
        p: two-sided chance of a rho so far from 0 without a relation.
        n: taxa.
    """

    rho: float
    p: float
    n: int


def spearman(figures: Floats, counts: Floats) -> Correlation:
    """Return the rank correlation of a figure of every taxon with its number of images.

    Args:
        figures: float64 [t], recall, precision, F1 or a gain; taxa where it is NaN do not count.
        counts: float64 [t], images.

    >>> spearman(np.array([0.1, 0.5, 0.9, np.nan]), np.array([3.0, 8.0, 20.0, 1.0]))
    Correlation(rho=1.0, p=0.0, n=3)
    """
    known = ~np.isnan(figures)
    figures, counts = figures[known], counts[known]
    if len(figures) < 3 or np.ptp(figures) == 0 or np.ptp(counts) == 0:
        return Correlation(math.nan, math.nan, len(figures))
    result = spearmanr(figures, counts)
    return Correlation(float(result.statistic), float(result.pvalue), len(figures))

"""An estimate with its interval, and Wilson's interval for a share."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from holotype.index.arrays import Floats

from .jsonable import Figures


@dataclass(frozen=True)
class Interval(Figures):
    """An estimate and the bounds of its confidence interval, NaN where it cannot be known."""

    estimate: float
    low: float
    high: float


def wilson_bounds(
    successes: Floats, trials: Floats, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Return Wilson's score interval of many shares (Wilson 1927, JASA 22:209).

    Args:
        successes: float64 [n], 0 to trials.
        trials: float64 [n]; where it is 0 the bounds are NaN.
        confidence: in (0, 1).

    Returns:
        lower and upper bounds, float64 [n], in [0, 1].
    """
    z = float(norm.ppf((1 + confidence) / 2))
    n = np.where(trials > 0, trials, np.nan)
    share = successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # At none and at all one bound is the share itself, which rounding would miss by a trifle.
    low = np.where(successes == 0, share, (centre - half).clip(0, 1))
    high = np.where(successes == trials, share, (centre + half).clip(0, 1))
    return low, high


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Return a share with Wilson's score interval.

    >>> interval = wilson(236, 241)
    >>> f"{interval.estimate:.4f} {interval.low:.3f} {interval.high:.3f}"
    '0.9793 0.952 0.991'
    """
    low, high = wilson_bounds(np.array([float(successes)]), np.array([float(trials)]), confidence)
    share = successes / trials if trials else math.nan
    return Interval(share, float(low[0]), float(high[0]))

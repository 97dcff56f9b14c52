"""Means and shares, NaN where there is nothing to average, and numbers that JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from holotype.index.arrays import Codes, Floats


@dataclass(frozen=True)
class Average:
    """A share in [0, 1], NaN where there is nothing to average.

    Attributes:
        micro: mean over queries.
        macro: mean over taxa of the mean over their queries.
    """

    micro: float
    macro: float

    def to_dict(self) -> dict[str, float | None]:
        """Return the two as JSON knows them."""
        return numbers(vars(self))


def number(value: float) -> float | None:
    """Return a float that JSON can hold: None for NaN and infinity.

    >>> number(np.float64("nan")) is None
    True
    """
    return float(value) if math.isfinite(value) else None


def numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    """Return named figures as JSON can hold them."""
    return {name: number(value) for name, value in values.items()}


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, NaN where whole is 0.

    >>> ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0]))
    array([0.5, nan])
    """
    quotient: Floats = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=quotient, where=whole != 0)
    return quotient


def mean(values: Floats) -> float:
    """Return the mean, NaN of nothing, without a warning."""
    return float(values.mean()) if len(values) else math.nan


def mean_by(values: Floats, codes: Codes, n: int) -> Floats:
    """Return the mean of the values of each code 0 … n-1, NaN where a code has none.

    >>> mean_by(np.array([1.0, 0.0, 1.0]), np.array([0, 0, 2]), 3)
    array([0.5, nan, 1. ])
    """
    sums = np.bincount(codes, weights=values, minlength=n).astype(np.float64)
    return ratio(sums, np.bincount(codes, minlength=n).astype(np.float64))


def average(values: Floats, codes: Codes, n: int) -> Average:
    """Return the mean over queries and over the taxa that have a query.

    Args:
        values: float64 [q], one figure a query.
        codes: int64 [q], its taxon in 0 … n-1.
        n: the number of taxa.
    """
    by_taxon = mean_by(values, codes, n)
    return Average(mean(values), mean(by_taxon[~np.isnan(by_taxon)]))

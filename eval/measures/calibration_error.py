"""Whether a confidence of 90 % is right nine times in ten (METHODS 4.9)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Flags, Floats

from .averages import ratio
from .jsonable import Figures, jsonable_fields

Binning = Literal["mass", "width"]
BINS: dict[Binning, int] = {"mass": 10, "width": 15}
_FLOOR = 1e-15  # the least probability that a logarithm is taken of; scikit-learn has the same


@dataclass(frozen=True)
class Reliability(Figures):
    """Confidence against accuracy in bins.

    Attributes:
        ece: expected calibration error, mean over specimens of |accuracy - confidence| of the bin.
        mce: the largest of the bins.
        bins: columns with one entry a bin that is not empty: the lowest and highest confidence
            (`low`, `high`), `n`, `weight`, mean `confidence` and `accuracy`.
    """

    ece: float
    mce: float
    bins: Mapping[str, Floats]

    @property
    def table(self) -> pd.DataFrame:
        """The bins as a table."""
        return pd.DataFrame(dict(self.bins)).astype({"n": int})

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON knows them."""
        return {**super().to_dict(), "bins": self.table.to_dict("records")}


@dataclass(frozen=True)
class CalibrationError(Figures):
    """How far stated confidences are from the truth; 0 is best everywhere.

    Attributes:
        n: specimens. With b bins the error is biased upward by about sqrt(b / n).
        mass: reliability in ten bins of equal weight.
        width: reliability in fifteen bins of equal width.
        brier: mean squared difference of confidence and being right, in [0, 1].
        nll: mean negative log-likelihood of being right or wrong, in nats.
    """

    n: int
    mass: Reliability
    width: Reliability
    brier: float
    nll: float

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON knows them."""
        names = {"mass": "equal_mass", "width": "equal_width"}
        return {names.get(name, name): each for name, each in jsonable_fields(self).items()}


def measure_calibration(
    confidence: Floats, correct: Flags, weights: Floats | None = None
) -> CalibrationError:
    """Return the calibration of confidences in answers.

    Args:
        confidence: float64 [n], in [0, 1].
        correct: bool [n], the answer was right.
        weights: float64 [n], as `prior_weights` gives them; None counts all alike.

    Raises:
        ValueError: a confidence outside [0, 1].
    """
    weights = _checked(confidence, weights)
    right = correct.astype(np.float64)
    sure = np.where(correct, confidence, 1 - confidence).clip(_FLOOR, 1)
    return CalibrationError(
        n=len(confidence),
        mass=reliability(confidence, correct, "mass", weights=weights),
        width=reliability(confidence, correct, "width", weights=weights),
        brier=_weighted((confidence - right) ** 2, weights),
        nll=_weighted(-np.log(sure), weights),
    )


def reliability(
    confidence: Floats,
    correct: Flags,
    binning: Binning,
    *,
    bins: int | None = None,
    weights: Floats | None = None,
) -> Reliability:
    """Return confidence against accuracy in bins (Naeini et al. 2015; Guo et al. 2017).

    Args:
        confidence: float64 [n], in [0, 1].
        correct: bool [n].
        binning: `mass`, bins of equal weight; equal confidences share a bin. `width`, bins of
            equal width, closed at their upper end.
        bins: how many; None takes 10 by mass and 15 by width.
        weights: float64 [n]; None counts all alike.

    Raises:
        ValueError: a confidence outside [0, 1].
    """
    weights = _checked(confidence, weights)
    count = bins or BINS[binning]
    if binning == "mass":
        bin_of = _by_mass(confidence, weights, count)
    else:
        bin_of = _by_width(confidence, count)
    filled = _fill(bin_of, confidence, correct, weights, count)
    gaps = np.abs(filled["accuracy"] - filled["confidence"])
    largest = float(gaps.max()) if len(gaps) else math.nan
    return Reliability(_weighted(gaps, filled["weight"]), largest, filled)


def prior_weights(novel: Flags, prior: float) -> Floats:
    """Return weights under which novel specimens make up a stated share of the whole.

    Args:
        novel: bool [n].
        prior: the share of novel specimens, in [0, 1].

    Returns:
        float64 [n], with mean 1.

    Raises:
        ValueError: a prior outside [0, 1], or a share for a kind that has no specimen.
    """
    if not 0 <= prior <= 1:
        raise ValueError(f"the novelty prior is {prior}; it is a share from 0 to 1")
    n, n_novel = len(novel), int(novel.sum())
    if (prior > 0 and not n_novel) or (prior < 1 and n_novel == n):
        raise ValueError(
            f"a novelty prior of {prior} needs known and novel specimens; "
            f"{n_novel} of {n} are novel"
        )
    return np.where(novel, prior * n / max(n_novel, 1), (1 - prior) * n / max(n - n_novel, 1))


def multiclass_brier(probabilities: Floats, truth: Codes) -> float:
    """Return the mean over specimens of the squared error summed over classes, in [0, 2].

    Args:
        probabilities: float64 [n, c].
        truth: int64 [n], in 0 … c-1.
    """
    errors = probabilities.copy()
    errors[np.arange(len(truth)), truth] -= 1
    return float((errors**2).sum(axis=1).mean()) if len(truth) else math.nan


def multiclass_nll(probabilities: Floats, truth: Codes) -> float:
    """Return the mean negative log-probability of the truth, in nats, 0 or more.

    Args:
        probabilities: float64 [n, c].
        truth: int64 [n], in 0 … c-1.
    """
    given = probabilities[np.arange(len(truth)), truth].clip(_FLOOR, 1)
    return float(-np.log(given).mean()) if len(truth) else math.nan


def _checked(confidence: Floats, weights: Floats | None) -> Floats:
    bad = ~((confidence >= 0) & (confidence <= 1))
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"confidence {row} is {confidence[row]:.4g}; it must be from 0 to 1")
    return np.ones(len(confidence)) if weights is None else weights


def _weighted(values: Floats, weights: Floats) -> float:
    total = weights.sum()
    return float(np.dot(values, weights) / total) if total > 0 else math.nan


def _fill(
    bin_of: Codes, confidence: Floats, correct: Flags, weights: Floats, bins: int
) -> dict[str, Floats]:
    """Return the columns of the bins that are not empty."""
    low, high = np.full(bins, np.inf), np.full(bins, -np.inf)
    counted = weights > 0
    np.minimum.at(low, bin_of[counted], confidence[counted])
    np.maximum.at(high, bin_of[counted], confidence[counted])
    n, weight, stated, right = (
        np.bincount(bin_of, weights=values, minlength=bins).astype(np.float64)
        for values in (counted, weights, weights * confidence, weights * correct)
    )
    columns = {
        "low": low,
        "high": high,
        "n": n,
        "weight": weight,
        "confidence": ratio(stated, weight),
        "accuracy": ratio(right, weight),
    }
    return {name: column[n > 0] for name, column in columns.items()}


def _by_mass(confidence: Floats, weights: Floats, bins: int) -> Codes:
    """Return the bin of the middle of each run of equal confidences."""
    _, level = np.unique(confidence, return_inverse=True)
    mass = np.bincount(level, weights=weights)
    middle = (np.cumsum(mass) - mass / 2) / max(mass.sum(), _FLOOR)
    found: Codes = np.minimum((middle * bins).astype(np.int64), bins - 1)[level]
    return found


def _by_width(confidence: Floats, bins: int) -> Codes:
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence, "left").astype(np.int64)

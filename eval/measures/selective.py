"""Answering only above a threshold: coverage against accuracy and kappa (METHODS 4.4).

Kappa above a threshold is that of the accepted specimens, whose mix of classes differs from the
whole: it is no figure for the whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Flags, Floats

from .averages import number, ratio
from .intervals import Interval, wilson, wilson_bounds
from .jsonable import Figures, jsonable_fields

Measure = Literal["accuracy", "kappa"]

KAPPA = 0.974  # what a threshold is chosen to reach on calibration data


@dataclass(frozen=True)
class SelectivePoint(Figures):
    """What a threshold does, all as shares in [0, 1] but kappa, which is in [-1, 1].

    Attributes:
        threshold: a specimen with this score or more is answered.
        n: specimens.
        n_accepted: those that were answered.
        accuracy: right answers among the accepted, with Wilson's 95 % interval.
        overall_correct: accepted and right, among all.
        kappa: Cohen's, of the accepted.
    """

    threshold: float
    n: int
    n_accepted: int
    accuracy: Interval
    overall_correct: float
    kappa: float

    @property
    def coverage(self) -> float:
        """The share that is answered; the rest is discarded."""
        return self.n_accepted / self.n if self.n else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON knows them."""
        told = jsonable_fields(self)
        first = {name: told.pop(name) for name in ("threshold", "n", "n_accepted")}
        return {**first, "coverage": number(self.coverage), **told}


def selective_curve(scores: Floats, truth: Codes, predicted: Codes) -> pd.DataFrame:
    """Return what every possible threshold does, from accepting the fewest to accepting all.

    Args:
        scores: float64 [n], the confidence in each answer, larger is surer.
        truth: int64 [n], any codes.
        predicted: int64 [n], the same codes.

    Returns:
        one row a distinct score, falling: threshold, n_accepted, coverage, accuracy,
        accuracy_low (Wilson's 95 % bound), overall_correct, kappa.

    Raises:
        ValueError: a score is NaN.
    """
    _check_scores(scores)
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)[: len(ranked)])
    right = np.cumsum(truth[order] == predicted[order])[last].astype(np.float64)
    accepted = (last + 1).astype(np.float64)
    accuracy = right / accepted
    chance = (_chance_pairs(truth[order], predicted[order])[last]) / accepted**2
    return pd.DataFrame(
        {
            "threshold": ranked[last],
            "n_accepted": last + 1,
            "coverage": accepted / max(len(scores), 1),
            "accuracy": accuracy,
            "accuracy_low": wilson_bounds(right, accepted)[0],
            "overall_correct": right / max(len(scores), 1),
            "kappa": ratio(accuracy - chance, 1 - chance),
        }
    )


def selective_point(
    scores: Floats, truth: Codes, predicted: Codes, threshold: float
) -> SelectivePoint:
    """Return what one threshold, chosen elsewhere, does on these specimens.

    Args:
        scores: float64 [n].
        truth: int64 [n].
        predicted: int64 [n].
        threshold: from calibration data; infinity accepts nothing.
    """
    accepted = scores >= threshold
    right = int((truth == predicted)[accepted].sum())
    m, n = int(accepted.sum()), len(scores)
    kappa = math.nan
    if m:
        chance = float(_chance_pairs(truth[accepted], predicted[accepted])[-1]) / m**2
        kappa = (right / m - chance) / (1 - chance) if chance < 1 else math.nan
    return SelectivePoint(threshold, n, m, wilson(right, m), right / n if n else math.nan, kappa)


def choose_threshold(
    curve: pd.DataFrame, target: float, measure: Measure = "accuracy", minimum: int = 1
) -> float:
    """Return the threshold of largest coverage that reaches a target on calibration data.

    Args:
        curve: from `selective_curve` on calibration data, never on the data that is reported.
        target: what the accepted must reach.
        measure: `accuracy` by its lower Wilson bound, or `kappa` itself.
        minimum: accepted specimens that a threshold must leave.

    Returns:
        the threshold; infinity where none reaches the target, so that nothing is answered.
    """
    figure = curve["accuracy_low" if measure == "accuracy" else "kappa"]
    reached = curve[(figure >= target) & (curve["n_accepted"] >= minimum)]
    return float(reached["threshold"].min()) if len(reached) else math.inf


def knee(curve: pd.DataFrame) -> float:
    """Return the threshold where more accuracy begins to cost much coverage.

    It is the point farthest above the chord of the curve of accuracy over coverage, both scaled
    to 0 … 1, between accepting all and the largest coverage of the best accuracy (Satopää et al.
    2011, "Finding a Kneedle in a Haystack"). NaN where accuracy does not rise.
    """
    coverage, accuracy = curve["coverage"].to_numpy(), curve["accuracy"].to_numpy()
    if not len(curve) or accuracy.max() <= accuracy[-1]:
        return math.nan
    best = int(np.flatnonzero(accuracy == accuracy.max())[-1])
    across = (coverage[best:] - coverage[best]) / (coverage[-1] - coverage[best])
    up = (accuracy[best:] - accuracy[-1]) / (accuracy[best] - accuracy[-1])
    return float(curve["threshold"].iloc[best + int((across + up).argmax())])


def aurc(scores: Floats, correct: Flags) -> tuple[float, float]:
    """Return the area under the risk-coverage curve and its excess over the best possible order.

    The mean, over accepting the 1, 2 … n surest, of the share of wrong answers among them
    (Geifman, Uziel and El-Yaniv 2019, "Bias-Reduced Uncertainty Estimation"). Specimens of one
    score are taken in the order of chance, by expectation.

    Args:
        scores: float64 [n].
        correct: bool [n].

    Returns:
        AURC and E-AURC, in [0, 1]; 0 is best.

    >>> aurc(np.array([0.9, 0.8, 0.1]), np.array([True, True, False]))
    (0.1111111111111111, 0.0)
    """
    _check_scores(scores)
    if not len(scores):
        return math.nan, math.nan
    _, level = np.unique(-scores, return_inverse=True)
    wrong_share = np.bincount(level, weights=~correct) / np.bincount(level)
    accepted = np.arange(1, len(scores) + 1)
    area = float((np.cumsum(wrong_share[np.sort(level)]) / accepted).mean())
    best = float((np.cumsum(np.sort(~correct)) / accepted).mean())
    return area, area - best


def _check_scores(scores: Floats) -> None:
    if np.isnan(scores).any():
        row = int(np.isnan(scores).argmax())
        raise ValueError(f"score {row} is NaN; give -inf to an answer that is never accepted")


def _chance_pairs(truth: Codes, predicted: Codes) -> Floats:
    """Return, for the first 1, 2 … n, the sum over classes of truths x predictions.

    Adding a specimen makes the sum larger by the number of earlier predictions of its true class,
    and by the number of truths so far of its predicted class. Both are looked up by binary search
    among sorted keys of (class, place), so that the cost does not grow with the classes.
    """
    n = len(truth)
    _, codes = np.unique(np.concatenate([truth, predicted]), return_inverse=True)
    place = np.arange(n)
    asked, given = codes[:n] * (n + 1), codes[n:] * (n + 1)
    truths, predictions = np.sort(asked + place), np.sort(given + place)
    earlier = np.searchsorted(predictions, asked + place) - np.searchsorted(predictions, asked)
    so_far = np.searchsorted(truths, given + place, "right") - np.searchsorted(truths, given)
    return np.cumsum(earlier + so_far).astype(np.float64)

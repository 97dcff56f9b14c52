"""Class probabilities and how surprising the truth is under them, for prediction sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes, Floats

from .left_out import LeftOut

_RIDGE = 1e-4
_ROUNDING = 1e-6


def fit_sets(left_out: LeftOut) -> tuple[Floats, Floats]:
    """Fit the class probabilities of known specimens.

    Returns:
        sharpness: float64 [f], the weights of `Evidence.closeness`.
        surprise: float64, ascending: 1 - P(true species) of known specimens, see `of_conditions`.
    """
    closeness, true = candidates_of(left_out)
    known = left_out.novel == 0
    sharpness = fit_sharpness(closeness[known], true[known])
    found = known & true.any(axis=1)
    p = _softmax(closeness[found], sharpness)
    surprise = np.ones(len(known))  # a true class that is no candidate is as surprising as can be
    surprise[found] = 1 - p[np.arange(len(p)), true[found].argmax(axis=1)]
    return sharpness, of_conditions(surprise[known], left_out.condition[known])


def of_conditions(values: Floats, conditions: Codes) -> Floats:
    """Return as many values as there are conditions, ascending, that stand for all.

    Who asks comes from a place or day of its own, and specimens of one hang together: what is
    promised of the next one rests on how many conditions were met, not on how many specimens.
    Conditions count the same (Dunn, Wasserman and Ramdas 2023; Lee, Barber and Willett 2023).
    Where each has one specimen, the values are these.

    Args:
        values: float64 [q].
        conditions: int64 [q].

    >>> of_conditions(np.array([0.3, 0.1, 0.2]), np.array([0, 1, 2])).tolist()
    [0.1, 0.2, 0.3]
    >>> of_conditions(np.array([0.3, 0.1, 0.2, 0.2]), np.array([0, 1, 1, 1])).tolist()
    [0.2, 0.3]
    """
    _, member, counts = np.unique(conditions, return_inverse=True, return_counts=True)
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(1 / counts[member[order]])  # of so many conditions
    wanted = np.arange(1, len(counts) + 1) - _ROUNDING
    place = np.minimum(np.searchsorted(reached, wanted), len(values) - 1)
    found: Floats = values[order[place]]
    return found


def fit_sharpness(closeness: Floats, true: NDArray[np.bool_]) -> Floats:
    """Fit the weights of closeness under which true classes are likeliest.

    Args:
        closeness: float64 [q, m, f], of the candidates of known specimens.
        true: bool [q, m]; rows without the true class are left out.
    """
    found = true.any(axis=1)
    from scipy.optimize import minimize  # what only serves or asks does without

    values, place = closeness[found], true[found].argmax(axis=1)
    start = np.full(values.shape[2], 5.0)
    if not len(values):
        return start
    fitted = minimize(_log_loss, start, (values, place), jac=True, method="L-BFGS-B")
    sharpness: Floats = fitted.x
    return sharpness


def candidates_of(left_out: LeftOut) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the closeness of all candidates and which is the true class, [q, m, f] and [q, m].

    Where a fold has fewer classes than another, closeness is filled up with NaN.
    """
    most = max(evidence.candidates.shape[1] for evidence in left_out.evidence)
    closeness, true = [], []
    for fold, evidence, classes in zip(
        np.unique(left_out.fold), left_out.evidence, left_out.classes, strict=True
    ):
        truth = left_out.truth[left_out.fold == fold, -1:]
        missing = [(0, 0), (0, most - evidence.candidates.shape[1])]
        true.append(np.pad(classes[evidence.candidates, -1] == truth, missing))
        values = evidence.closeness.astype(np.float64)
        closeness.append(np.pad(values, [*missing, (0, 0)], constant_values=np.nan))
    return np.concatenate(closeness), np.concatenate(true)


def _softmax(values: Floats, sharpness: Floats) -> Floats:
    odds = np.nan_to_num(values @ sharpness, nan=-np.inf)
    odds -= odds.max(axis=1, keepdims=True)
    weights: Floats = np.exp(odds)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _log_loss(sharpness: Floats, values: Floats, place: Codes) -> tuple[float, Floats]:
    """Return the conditional logit's mean log-loss (McFadden 1974) and its gradient."""
    p = _softmax(values, sharpness)
    rows = np.arange(len(p))
    mean = np.einsum("qm,qmf->qf", p, np.nan_to_num(values))
    gradient: Floats = (mean - values[rows, place]).mean(axis=0) + _RIDGE * sharpness
    loss = -np.log(np.maximum(p[rows, place], 1e-300)).mean()
    return float(loss) + _RIDGE / 2 * float(sharpness @ sharpness), gradient

"""A fitted logistic model that needs nothing but numpy to be applied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Floats


@dataclass(frozen=True, eq=False)
class Logistic:
    """P(yes | x) = 1 / (1 + exp(-(intercept + weights . x))).

    Attributes:
        weights: float64 [features].
        intercept: log-odds at the origin.
    """

    weights: Floats
    intercept: float

    def __call__(self, features: Floats) -> Floats:
        """Return probabilities [q] for features [q, features].

        >>> Logistic(np.array([2.0]), 0.0)(np.array([[0.0]])).tolist()
        [0.5]
        """
        return logistic(features @ self.weights + self.intercept)

    @classmethod
    def from_array(cls, values: Floats) -> Logistic:
        """Read what `to_array` wrote."""
        return cls(np.asarray(values[1:], np.float64), float(values[0]))

    def to_array(self) -> Floats:
        """Return the intercept and the weights as one array."""
        return np.concatenate([[self.intercept], self.weights])


def logistic(odds: Floats) -> Floats:
    """Return probabilities for log-odds, which are kept within [-30, 30].

    >>> logistic(np.array([0.0])).tolist()
    [0.5]
    """
    probabilities: Floats = 1 / (1 + np.exp(-np.minimum(np.maximum(odds, -30), 30)))
    return probabilities


def with_prior(known: Floats, novelty: float) -> Floats:
    """Move P(known), fitted on as many novel as known specimens, to a stated share of novel ones.

    Args:
        known: float64 [q], probabilities at equal shares.
        novelty: the share of novel specimens expected, in [0, 1).

    >>> with_prior(np.array([0.5, 0.9]), 0.2).round(3).tolist()
    [0.8, 0.973]
    """
    moved: Floats = known * (1 - novelty) / (known * (1 - novelty) + (1 - known) * novelty)
    return moved

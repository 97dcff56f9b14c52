"""The probability that two specimens are one species, from their evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from holotype.index.arrays import Codes, Floats
from holotype.index.identification.logistic import Logistic

from .left_out import LeftOutPool

_INVERSE_PENALTY = 0.3
_FEWEST = 25  # pairs that are one species, and that are not
_MOST = 30_000  # of either


def fit_pairs(pools: Sequence[LeftOutPool], seed: int) -> Logistic | None:
    """Fit a logistic model on the pairs of left-out species; None of too few pairs."""
    if not pools:
        return None
    features = np.concatenate([pool.evidence.features for pool in pools]).astype(np.float64)
    same = np.concatenate([pool.same for pool in pools])
    if np.bincount(same, minlength=2).min() < _FEWEST:
        return None
    from sklearn.linear_model import LogisticRegression  # what clusters does without

    kept, weights = _drawn(same, seed)
    rows = features[kept]
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale < 1e-9] = 1.0
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=2000)
    model.fit((rows - mean) / scale, same[kept], sample_weight=weights)
    slopes = model.coef_[0] / scale
    return Logistic(slopes, float(model.intercept_[0] - slopes @ mean))


def _drawn(same: Codes, seed: int) -> tuple[Codes, Floats]:
    """Return the pairs to fit on and their weights: not all of those that are easily told apart."""
    generator = np.random.default_rng(seed)
    kept, weights = [], []
    for answer in (0, 1):
        rows = np.flatnonzero(same == answer)
        drawn = np.sort(generator.permutation(rows)[:_MOST])
        kept.append(drawn)
        weights.append(np.full(len(drawn), len(rows) / len(drawn)))
    return np.concatenate(kept), np.concatenate(weights)

"""k-means (Lloyd 1982) on unit rows, as scikit-learn has it."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans

from ...arrays import Codes
from .pool import Pool, numbered
from .spectral import spectral

_STARTS = 4
_FEW = 20_000  # specimens up to which it starts more than once


def kmeans(pool: Pool, k: int | None) -> Codes:
    """Return clusters around k centres; without k, as many as `spectral` finds."""
    wanted = int(spectral(pool, None)[0].max()) + 1 if k is None else k
    wanted = min(wanted, len(np.unique(pool.rows, axis=0)))
    starts = _STARTS if len(pool) <= _FEW else 1
    found: Codes = KMeans(wanted, n_init=starts, random_state=pool.seed).fit_predict(pool.rows)
    return numbered(found)

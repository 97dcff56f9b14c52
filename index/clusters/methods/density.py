"""HDBSCAN (Campello, Moulavi and Sander 2013) on unit rows, as scikit-learn has it."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import HDBSCAN

from ...arrays import Codes
from .pool import Pool, numbered

_SMALLEST = 3  # specimens of a cluster
_MOST = 20_000


def hdbscan(pool: Pool, k: int | None) -> Codes:
    """Return dense clusters; every specimen that is in none is alone.

    Raises:
        ValueError: the number is given, or the pool is too large.
    """
    if k is not None:
        raise ValueError("HDBSCAN finds the number of clusters itself; leave k out or take 'ward'")
    if len(pool) > _MOST:
        raise ValueError(
            f"{len(pool):,} specimens; HDBSCAN compares all with all and takes {_MOST:,} here. "
            "Take 'auto' or 'leiden'"
        )
    if len(pool) < _SMALLEST:
        return np.arange(len(pool))
    found: Codes = HDBSCAN(min_cluster_size=_SMALLEST, copy=True).fit_predict(pool.rows)
    noise = found < 0
    return numbered(np.where(noise, found.max() + np.cumsum(noise), found))

"""Ward's method (1963) on unit rows."""

from __future__ import annotations

from sklearn.cluster import AgglomerativeClustering

from ...arrays import Codes
from .pool import Pool, numbered

_MOST_DENSE = 5000  # specimens all of whose distances are held: 100 MB


def ward(pool: Pool, k: int | None) -> Codes:
    """Return clusters merged at the least loss of variance, to k or up to the tuned height.

    A large pool merges along the edges of its graph only.
    """
    model = AgglomerativeClustering(
        n_clusters=k,
        distance_threshold=pool.thresholds.height if k is None else None,
        linkage="ward",
        connectivity=pool.graph.matrix() if len(pool) > _MOST_DENSE else None,
    )
    found: Codes = model.fit_predict(pool.rows)
    return numbered(found)

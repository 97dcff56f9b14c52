"""Clusters of unnamed specimens, as every method gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from ..arrays import Codes, Embeddings, Floats
from ..vectors.brute_force import check_unit_rows

DEFAULT = "auto"


@dataclass(frozen=True, eq=False)
class Clustering:
    """What was found in a pool of n specimens.

    Attributes:
        labels: int64 [n], the cluster of every row, 0 to k - 1, the largest cluster first.
        k_range: the least and the largest number of clusters that the pool allows.
        coherence: float64 [n] in [0, 1], the mean probability that the row is one species with
            the others of its cluster; 0 of one that is alone.
        parameters: the method and its numbers, as JSON knows them.
        notes: sentences on what the reader should know, such as that nothing was tuned.
    """

    labels: Codes
    k_range: tuple[int, int]
    coherence: Floats
    parameters: dict[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def k(self) -> int:
        """The number of clusters."""
        return int(self.labels.max(initial=-1)) + 1


def find_clusters(
    vectors: Embeddings,
    recipe: Any = None,
    *,
    specimens: Codes | None = None,
    k: int | None = None,
    method: str = DEFAULT,
    seed: int = 0,
) -> Clustering:
    """Return the clusters of a pool of unnamed images.

    Args:
        vectors: float32 [n, dim], the encoder's unit rows.
        recipe: what `training.clustering` fitted on named species in the encoder's space; None
            where there was nothing to fit it on.
        specimens: int64 [n]; images of one specimen are always of one cluster. None takes every
            image for a specimen of its own.
        k: the number of clusters, where it is known.
        method: one of `methods.registry.METHODS`; `auto` takes the recipe's own.
        seed: the same one gives the same clusters.

    Raises:
        ValueError: rows that are not unit rows, a k that the pool cannot have, or a method that
            is unknown or cannot be told the number.
    """
    check_unit_rows(vectors)
    n = len(vectors)
    if n < 2:
        return Clustering(np.zeros(n, np.int64), (n, n), np.zeros(n), {"method": method})
    tree = linkage(vectors, "ward")
    found = fcluster(tree, k, "maxclust") if k else fcluster(tree, 1.0, "distance")
    _, labels = np.unique(found, return_inverse=True)
    count = int(labels.max()) + 1
    return Clustering(labels.astype(np.int64), (count, count), np.ones(n), {"method": "ward"})

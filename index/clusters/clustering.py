"""Clusters of unnamed specimens: candidate species, whatever the method."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..arrays import Codes, Embeddings, Floats
from ..vectors.brute_force import check_unit_rows
from .methods.pool import Found, Pool, numbered
from .methods.registry import AUTO, method_named
from .recipe import Recipe

_UNTUNED = (
    "No species that was left out has tuned these clusters: name more species, give their number "
    "with k, or take it as a guess"
)


@dataclass(frozen=True, eq=False)
class Clustering:
    """What was found in a pool of n images.

    Attributes:
        labels: int64 [n], the cluster of every row, 0 to k - 1, the largest cluster first.
        k_range: the least and the largest number of clusters that other thresholds would give.
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
    recipe: Recipe | None = None,
    *,
    specimens: Codes | None = None,
    k: int | None = None,
    method: str = AUTO,
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
        method: one of `methods.registry.METHODS`.
        seed: the same one gives the same clusters.

    Raises:
        ValueError: rows that are not unit rows or of another length than the recipe's, a k that
            the pool cannot have, or a method that is unknown or cannot be told the number.
    """
    check_unit_rows(vectors)
    cluster, recipe = method_named(method), recipe or Recipe()
    rows, place = pooled(vectors, specimens)
    _check(k, len(rows))
    recipe.check(vectors.shape[1])
    graph = recipe.graph(rows)
    thresholds = recipe.thresholds(graph)
    if len(rows) < 2:
        found: Found = np.zeros(len(rows), np.int64), (len(rows), len(rows))
    else:
        found = cluster(Pool(recipe.rows(rows), graph, thresholds, seed), k)
    labels = numbered(found[0][place])
    notes = () if recipe.tuned or k is not None else (_UNTUNED,)
    parameters = {"method": method, "k": k, "seed": seed, "tuned": recipe.tuned}
    cuts = {} if k is not None else asdict(thresholds)
    coherence = graph.coherence(found[0])[place]
    return Clustering(labels, found[1], coherence, parameters | cuts, notes)


def pooled(vectors: Embeddings, specimens: Codes | None) -> tuple[Embeddings, Codes]:
    """Return one unit row a specimen, the mean of its images, and the place of each image's.

    Args:
        vectors: float32 [n, dim], unit rows.
        specimens: int64 [n]; None takes every image for one.
    """
    if specimens is None:
        return vectors, np.arange(len(vectors))
    if len(specimens) != len(vectors):
        raise ValueError(f"{len(specimens)} specimens do not go with {len(vectors)} vectors")
    found, first, place = np.unique(specimens, return_index=True, return_inverse=True)
    sums = np.zeros((len(found), vectors.shape[1]), np.float32)
    np.add.at(sums, place, vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    unit = np.where(lengths > 1e-6, sums / np.maximum(lengths, 1e-6), vectors[first])
    return unit.astype(np.float32), place


def _check(k: int | None, specimens: int) -> None:
    if k is not None and not 1 <= k <= specimens:
        raise ValueError(
            f"k is {k}; {specimens:,} specimens make between 1 and {specimens:,} clusters"
            if specimens
            else f"k is {k}, but there is no specimen to cluster"
        )

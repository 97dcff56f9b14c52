"""Where the methods cut: chosen by B-cubed on pools of named species that were left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from holotype.index.arrays import Codes, Floats
from holotype.index.clusters.graph import PairGraph
from holotype.index.clusters.methods.leiden import communities, edges
from holotype.index.clusters.methods.spectral import spectrum
from holotype.index.clusters.recipe import Thresholds

from .left_out import LeftOutPool

_EIGENVALUES = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
_RESOLUTIONS = (0.08, 0.1, 0.125, 0.15, 0.18, 0.22, 0.27, 0.33)
_MODULARITIES = (1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.5, 8.0)
_HEIGHTS = tuple(np.arange(0.9, 2.01, 0.1).round(2).tolist())
_KINDS = ("even", "tail", "small")

Pools = Sequence[tuple[LeftOutPool, PairGraph]]


def tune_thresholds(pools: Pools, seed: int) -> Thresholds:
    """Return the thresholds of the highest mean B-cubed F1, each kind of pool counting the same."""
    chosen = Thresholds()
    if not pools:
        return chosen
    for name, values, sweep in (
        ("eigenvalue", _EIGENVALUES, _by_eigenvalue),
        ("resolution", _RESOLUTIONS, _by_resolution),
        ("modularity", _MODULARITIES, _by_modularity),
        ("height", _HEIGHTS, _by_height),
    ):
        scores = [
            [b_cubed(pool.labels, found) for found in sweep(pool, graph, values, seed)]
            for pool, graph in pools
        ]
        chosen = replace(chosen, **{name: values[_best(pools, np.array(scores))]})
    return chosen


def b_cubed(truth: Codes, clusters: Codes) -> float:
    """Return the F1 of B-cubed precision and recall (Bagga and Baldwin 1998).

    >>> b_cubed(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    1.0
    """
    _, taxon, of_taxon = np.unique(truth, return_inverse=True, return_counts=True)
    _, cluster, of_cluster = np.unique(clusters, return_inverse=True, return_counts=True)
    _, pair, both = np.unique(
        taxon * (cluster.max() + 1) + cluster, return_inverse=True, return_counts=True
    )
    shared = both[pair]
    precision = float((shared / of_cluster[cluster]).mean())
    recall = float((shared / of_taxon[taxon]).mean())
    return 2 * precision * recall / (precision + recall)


def _best(pools: Pools, scores: Floats) -> int:
    kinds = np.array([pool.kind for pool, _ in pools])
    means = [scores[kinds == kind].mean(axis=0) for kind in _KINDS if (kinds == kind).any()]
    return int(np.mean(means, axis=0).argmax())


Sweep = Callable[[LeftOutPool, PairGraph, Sequence[float], int], list[Codes]]


def _by_eigenvalue(
    pool: LeftOutPool, graph: PairGraph, values: Sequence[float], seed: int
) -> list[Codes]:
    found = spectrum(graph, min(values))
    counts = [found.count(value) for value in values]
    clusters = {count: found.clusters(count, seed) for count in set(counts)}
    return [clusters[count] for count in counts]


def _by_resolution(
    pool: LeftOutPool, graph: PairGraph, values: Sequence[float], seed: int
) -> list[Codes]:
    matrix = edges(graph)
    return [communities(matrix, value, seed) for value in values]


def _by_modularity(
    pool: LeftOutPool, graph: PairGraph, values: Sequence[float], seed: int
) -> list[Codes]:
    matrix = edges(graph)
    return [communities(matrix, value, seed, by_modularity=True) for value in values]


def _by_height(
    pool: LeftOutPool, graph: PairGraph, values: Sequence[float], seed: int
) -> list[Codes]:
    tree = linkage(pool.spaces.stretched.apply(pool.rows), "ward")
    return [fcluster(tree, value, "distance").astype(np.int64) for value in values]

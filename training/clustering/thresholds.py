"""Where the methods cut: chosen by B-cubed on pools of named species that were left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from holotype.index.arrays import Codes, Floats
from holotype.index.clusters.graph import PairGraph
from holotype.index.clusters.methods.leiden import communities, edges
from holotype.index.clusters.methods.spectral import spectrum
from holotype.index.clusters.recipe import Thresholds

from .left_out import LeftOutPool

EVEN, TAIL = ("even", "small"), ("tail",)
_COUNT = 0.05  # what a number of clusters off by a factor of e costs
_FLAT = 0.004  # differences of B-cubed that say little

Pools = Sequence[tuple[LeftOutPool, PairGraph]]
Sweep = Callable[[LeftOutPool, PairGraph, Sequence[float], int], list[Codes]]


def tune_thresholds(pools: Pools, seed: int) -> tuple[Thresholds, Thresholds]:
    """Return the thresholds for even pools and for those with a long tail.

    Those of about the highest B-cubed F1 count, less what a wrong number of clusters costs; of a
    flat top the middle is taken, so that chance decides little.
    """
    found: tuple[dict[str, float], dict[str, float]] = {}, {}
    for name, (values, sweep) in _SWEEPS.items():
        scores = np.array(
            [_scores(pool, sweep(pool, graph, values, seed)) for pool, graph in pools]
        )
        for chosen, kinds in zip(found, (EVEN, TAIL), strict=True):
            inside = [pool.kind in kinds for pool, _ in pools]
            chosen[name] = _middle(np.array(values), scores[inside].mean(axis=0))
    even, tail = (Thresholds(**chosen) for chosen in found)
    return even, tail


def measure_spreads(pools: Pools) -> tuple[float, float]:
    """Return the mean spread of even pools and of those with a long tail, the second larger."""
    even, tail = (
        float(np.mean([graph.spread for pool, graph in pools if pool.kind in kinds]))
        for kinds in (EVEN, TAIL)
    )
    return even, max(tail, 1.05 * even)


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


def _scores(pool: LeftOutPool, found: Sequence[Codes]) -> list[float]:
    k = len(np.unique(pool.labels))
    return [
        b_cubed(pool.labels, labels) - _COUNT * abs(np.log(len(np.unique(labels)) / k))
        for labels in found
    ]


def _middle(values: Floats, scores: Floats) -> float:
    """Return the geometric mean of values, each weighed by how near its score is to the best."""
    weights = np.exp((scores - scores.max()) / _FLAT)
    return float(np.exp(weights @ np.log(values) / weights.sum()))


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


_SWEEPS: dict[str, tuple[tuple[float, ...], Sweep]] = {
    "eigenvalue": ((0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6), _by_eigenvalue),
    "resolution": (
        (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7),
        _by_resolution,
    ),
    "modularity": ((1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.5, 8.0), _by_modularity),
    "height": ((0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 2.0), _by_height),
}

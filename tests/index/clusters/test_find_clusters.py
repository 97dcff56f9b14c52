"""Every method finds species that lie apart, keeps the contract, and says what it cannot do."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from holotype.eval.measures.clustering import cluster_agreement
from holotype.index.arrays import Codes, Embeddings
from holotype.index.clusters.clustering import find_clusters
from holotype.index.clusters.graph import PairGraph
from holotype.index.clusters.methods.blocks import MOST, blocks
from holotype.index.clusters.methods.leiden import communities
from holotype.index.clusters.methods.merging import merge
from holotype.index.clusters.methods.pool import Pool
from holotype.index.clusters.methods.registry import METHODS
from holotype.index.clusters.recipe import Recipe, Thresholds

SIZES = (14, 12, 11, 10, 10, 9, 9, 8)
FINDS_K = [name for name in METHODS if name != "hdbscan"]


def pool_of(sizes: tuple[int, ...], spread: float = 0.5, seed: int = 0) -> tuple[Embeddings, Codes]:
    """Return specimens of species that lie apart, in random order."""
    generator = np.random.default_rng(seed)
    truth = generator.permutation(np.repeat(np.arange(len(sizes)), sizes))
    centres = generator.normal(size=(len(sizes), 32))
    rows = centres[truth] + spread * generator.normal(size=(len(truth), 32))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), truth


@pytest.mark.parametrize("method", METHODS)
def test_finds_species_that_lie_apart(method: str) -> None:
    rows, truth = pool_of(SIZES)
    found = find_clusters(rows, method=method)
    assert cluster_agreement(truth, found.labels).accuracy > 0.75
    assert found.k_range[0] <= found.k <= found.k_range[1]
    assert found.parameters["method"] == method
    assert len(found.notes) == 1, "nothing was tuned, and it says so"


@pytest.mark.parametrize("method", FINDS_K)
def test_gives_as_many_clusters_as_are_asked_for(method: str) -> None:
    rows, truth = pool_of(SIZES)
    found = find_clusters(rows, k=len(SIZES), method=method)
    assert found.k == len(SIZES)
    assert cluster_agreement(truth, found.labels).accuracy > 0.95
    assert find_clusters(rows, k=1, method=method).k == 1
    assert find_clusters(rows, k=len(rows), method=method).k == len(rows)


@pytest.mark.parametrize("method", METHODS)
def test_keeps_the_contract(method: str) -> None:
    rows, _ = pool_of(SIZES)
    found, again = (find_clusters(rows, method=method, seed=3) for _ in range(2))
    assert np.array_equal(found.labels, again.labels)
    assert np.array_equal(found.coherence, again.coherence)
    assert found.labels.dtype == np.int64
    counts = np.bincount(found.labels)
    assert counts.min() > 0
    assert (np.diff(counts) <= 0).all(), "the largest first"
    assert found.coherence.shape == (len(rows),)
    assert (found.coherence >= 0).all()
    assert (found.coherence <= 1).all()
    assert (found.coherence[counts[found.labels] == 1] == 0).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_takes_pools_of_hardly_any_image(method: str, n: int) -> None:
    rows, _ = pool_of((1, 1, 1))
    found = find_clusters(rows[:n], method=method)
    assert found.labels.shape == (n,)
    assert found.k <= n


@pytest.mark.parametrize("method", METHODS)
def test_identical_images_are_one_cluster(method: str) -> None:
    rows = np.repeat(pool_of((1, 1))[0], 30, axis=0)
    found = find_clusters(rows, method=method)
    assert not set(found.labels[:30]) & set(found.labels[30:])
    assert found.k == 2 or method == "modularity", "modularity splits what is too large for it"


@pytest.mark.parametrize("method", METHODS)
def test_images_of_one_specimen_stay_together(method: str) -> None:
    rows, _ = pool_of(SIZES, spread=1.0)
    specimens = np.arange(len(rows)) // 2
    found = find_clusters(rows, specimens=specimens, method=method)
    pairs = found.labels[: len(rows) // 2 * 2].reshape(-1, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()


def test_refuses_what_cannot_be() -> None:
    rows, _ = pool_of((4, 4))
    with pytest.raises(ValueError, match="k is 9; 8 specimens make between 1 and 8 clusters"):
        find_clusters(rows, k=9)
    with pytest.raises(ValueError, match="k is 0"):
        find_clusters(rows, k=0)
    with pytest.raises(ValueError, match="no clustering method 'birch'; take auto, spectral"):
        find_clusters(rows, method="birch")
    with pytest.raises(ValueError, match="HDBSCAN finds the number of clusters itself"):
        find_clusters(rows, k=2, method="hdbscan")
    with pytest.raises(ValueError, match="embedding row 0 is zero"):
        find_clusters(np.zeros((3, 4), np.float32))
    with pytest.raises(ValueError, match="3 specimens do not go with 8 vectors"):
        find_clusters(rows, specimens=np.zeros(3, np.int64))


def test_singletons_are_clusters_of_their_own() -> None:
    rows, truth = pool_of((12, 12, 12, 1, 1), spread=0.3)
    found = find_clusters(rows, method="leiden")
    alone = np.bincount(found.labels)[found.labels] == 1
    assert set(truth[alone]) <= {3, 4}


def test_a_large_pool_is_cut_where_no_species_is() -> None:
    rows, truth = pool_of((40,) * 50, spread=0.4)
    graph = Recipe().graph(rows)
    pool = Pool(rows, graph, Thresholds())
    parts = blocks(pool)
    assert max(len(part) for part in parts) <= MOST
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(rows)))
    for part in parts:
        whole = np.bincount(truth[part])
        assert set(whole[whole > 0]) == {40}
    assert cluster_agreement(truth, find_clusters(rows).labels).accuracy > 0.97


def test_merging_joins_the_likeliest_clusters_first() -> None:
    rows, truth = pool_of(SIZES)
    halves = 2 * truth + np.random.default_rng(1).integers(0, 2, len(truth))
    merged = merge(halves, Recipe().graph(rows), len(SIZES))
    assert cluster_agreement(truth, merged).accuracy == 1


def test_a_graph_without_edges_is_all_singletons() -> None:
    rows, _ = pool_of((2, 2))
    none = np.empty(0, np.int64)
    graph = PairGraph(len(rows), none, none, np.empty(0))
    assert communities(graph.matrix(), 0.5, 0).tolist() == [0, 1, 2, 3]
    for name, method in METHODS.items():
        labels, _ = method(Pool(rows, graph, Thresholds()), None)
        assert len(labels) == 4, name


@pytest.mark.slow
def test_twenty_thousand_rows_take_no_matrix_of_all_with_all() -> None:
    rows, truth = pool_of((40,) * 500, spread=0.5)
    tracemalloc.start()
    found = find_clusters(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 30, "a float32 of every pair would take 1.6 GB"
    assert cluster_agreement(truth, found.labels).accuracy > 0.9

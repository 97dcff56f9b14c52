"""Clusters against taxa: brute-force matching, per-specimen B-cubed, scikit-learn."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from holotype.eval.measures.clustering import cluster_agreement


def best_matching(truth: NDArray[np.int64], clusters: NDArray[np.int64]) -> float:
    """Try every one-to-one matching."""
    taxa, found = list(np.unique(truth)), list(np.unique(clusters))
    padded = found + [-9] * max(0, len(taxa) - len(found))
    hits = (
        sum(int(clusters[i] == order[taxa.index(truth[i])]) for i in range(len(truth)))
        for order in permutations(padded, len(taxa))
    )
    return max(hits) / len(truth)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n_clusters", [2, 4, 6])
def test_measures_equal_brute_force_and_scikit_learn(seed: int, n_clusters: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, 40)
    clusters = np.where(rng.random(40) < 0.6, truth % n_clusters, rng.integers(0, n_clusters, 40))
    found = cluster_agreement(truth, clusters)
    assert found.accuracy == pytest.approx(best_matching(truth, clusters), abs=1e-12)
    assert found.matched.mean() == pytest.approx(found.accuracy)
    assert found.ari == pytest.approx(metrics.adjusted_rand_score(truth, clusters), abs=1e-9)
    assert found.ami == pytest.approx(metrics.adjusted_mutual_info_score(truth, clusters), abs=1e-9)
    assert found.nmi == pytest.approx(
        metrics.normalized_mutual_info_score(truth, clusters), abs=1e-9
    )
    same_taxon, same_cluster = truth[:, None] == truth, clusters[:, None] == clusters
    both = (same_taxon & same_cluster).sum(axis=1)
    assert found.b3_precision == pytest.approx((both / same_cluster.sum(axis=1)).mean(), abs=1e-9)
    assert found.b3_recall == pytest.approx((both / same_taxon.sum(axis=1)).mean(), abs=1e-9)
    commonest = [np.bincount(truth[clusters == c]).max() for c in np.unique(clusters)]
    assert found.purity == pytest.approx(sum(commonest) / 40, abs=1e-12)


def test_macro_f1_uses_the_same_matching_and_counts_a_taxon_without_a_cluster_as_0() -> None:
    truth = np.array([0] * 6 + [1] * 4 + [2] * 2)
    clusters = np.array([7] * 6 + [7] * 1 + [3] * 3 + [3] * 2)
    found = cluster_agreement(truth, clusters)
    assert found.accuracy == pytest.approx(9 / 12)
    predicted = np.where(clusters == 7, 0, 1)
    expected = metrics.f1_score(truth, predicted, average="macro", zero_division=0)
    assert found.macro_f1 == pytest.approx(expected, abs=1e-12)
    assert found.k_ratio == pytest.approx(2 / 3)


def test_noise_is_many_clusters_of_one_and_is_reported_as_coverage() -> None:
    truth = np.array([0, 0, 0, 1, 1, 1])
    found = cluster_agreement(truth, np.array([0, 0, -1, 1, -1, -1]))
    apart = cluster_agreement(truth, np.array([0, 0, 5, 1, 6, 7]))
    assert (found.accuracy, found.b3_f1, found.ari) == (apart.accuracy, apart.b3_f1, apart.ari)
    assert found.coverage == 0.5
    assert found.n_clusters == 2
    assert apart.n_clusters == 5
    assert found.accuracy == pytest.approx(3 / 6)


def test_everything_noise_is_not_a_perfect_clustering() -> None:
    found = cluster_agreement(np.array([0, 0, 1, 1]), np.full(4, -1))
    assert (found.n_clusters, found.coverage, found.accuracy) == (0, 0.0, 0.5)
    assert found.to_dict()["k_ratio"] == 0.0


def test_names_of_clusters_do_not_matter() -> None:
    truth = np.array([5, 5, 9, 9, 9])
    found = cluster_agreement(truth, np.array([100, 100, 2, 2, 2]))
    perfect = (found.accuracy, found.macro_f1, found.b3_f1, found.nmi, found.ami, found.ari)
    assert perfect == pytest.approx((1,) * 6)
    assert "matched" not in found.to_dict()


def test_known_and_novel_taxa_are_judged_under_one_matching() -> None:
    truth = np.array([0, 0, 1, 1])
    found = cluster_agreement(truth, np.array([0, 0, 0, 1]))
    assert found.matched[truth == 0].mean() == 1.0
    assert found.matched[truth == 1].mean() == 0.5


def test_sides_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="1 taxa and 2 clusters"):
        cluster_agreement(np.array([0]), np.array([0, 1]))
    with pytest.raises(ValueError, match="at least one"):
        cluster_agreement(np.array([], np.int64), np.array([], np.int64))

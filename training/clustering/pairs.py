"""The probability that two specimens are one species, from their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from holotype.index.arrays import Codes, Floats
from holotype.index.clusters.trees import Trees

from .left_out import LeftOutPool

_TREES = 80
_DEPTH = 4
_LEAF = 25  # pairs
_FEWEST = 200  # pairs, of which some are and some are not one species
_MOST = 12_000  # pairs that are not one species; of the others all are taken up to as many
_INFINITE = np.inf


def fit_pairs(pools: Sequence[LeftOutPool], seed: int) -> Trees | None:
    """Fit boosted trees (Friedman 2001) on the pairs of left-out species; None of too few pairs."""
    features = np.concatenate([pool.evidence.features for pool in pools])
    same = np.concatenate([pool.same for pool in pools])
    if len(same) < _FEWEST or min(same.sum(), len(same) - same.sum()) < _LEAF:
        return None
    from sklearn.ensemble import GradientBoostingClassifier  # what clusters does without

    kept, weights = _drawn(same, seed)
    model = GradientBoostingClassifier(
        n_estimators=_TREES,
        max_depth=_DEPTH,
        min_samples_leaf=_LEAF,
        subsample=0.5,
        max_features=8,
        random_state=seed,
    )
    model.fit(features[kept], same[kept], sample_weight=weights)
    share = float(weights @ same[kept] / weights.sum())
    trees = [one.tree_ for one in model.estimators_[:, 0]]
    return _joined(trees, float(np.log(share / (1 - share))), model.learning_rate)


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


def _joined(trees: Sequence[Any], start: float, rate: float) -> Trees:
    """Return scikit-learn's trees as arrays, one after the other."""
    roots, feature, threshold, left, right, value = [], [], [], [], [], []
    taken = 0
    for tree in trees:
        count = tree.node_count
        leaf = tree.children_left < 0
        own = np.arange(count)
        roots.append(taken)
        feature.append(np.where(leaf, 0, tree.feature))
        threshold.append(np.where(leaf, _INFINITE, tree.threshold))
        left.append(taken + np.where(leaf, own, tree.children_left))
        right.append(taken + np.where(leaf, own, tree.children_right))
        value.append(np.where(leaf, rate * tree.value[:, 0, 0], 0.0))
        taken += count
    whole = [np.concatenate(part).astype(np.int64) for part in (feature, left, right)]
    return Trees(
        start,
        np.array(roots, np.int64),
        whole[0],
        np.concatenate(threshold),
        whole[1],
        whole[2],
        np.concatenate(value),
        _DEPTH,
    )

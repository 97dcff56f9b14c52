"""Splits for choosing and calibrating: by specimen within species, and by species."""

from __future__ import annotations

import numpy as np

from holotype.index.arrays import Codes, connected


def specimen_folds(labels: Codes, groups: Codes, n_folds: int, seed: int = 0) -> Codes:
    """Deal the specimens of every class over folds, as evenly as they go.

    Args:
        labels: int64 [n], class codes; rows with -1 form a class of their own.
        groups: int64 [n], specimens; rows of one specimen stay together.
        n_folds: how many folds.
        seed: of the shuffle.

    Returns:
        int64 [n], the fold of every row.

    >>> specimen_folds(np.array([0, 0, 0, 0]), np.array([7, 7, 8, 9]), 2).tolist() in (
    ...     [0, 0, 1, 0], [0, 0, 0, 1], [1, 1, 0, 0])
    True
    """
    _, first, member = np.unique(groups, return_index=True, return_inverse=True)
    classes = labels[first]
    order = np.random.default_rng(seed).permutation(len(first))
    order = order[np.argsort(classes[order], kind="stable")]
    folds = np.empty(len(first), np.int64)
    # Dealing goes on from one class to the next: else small classes would all fill the first folds.
    folds[order] = np.arange(len(first)) % n_folds
    return folds[member]


def united(one: Codes, other: Codes) -> Codes:
    """Return groups in which rows are together that share a group of either: int64 [n].

    Args:
        one: int64 [n].
        other: int64 [n], -1 for none.

    >>> united(np.array([0, 0, 1, 2]), np.array([5, 6, 6, -1])).tolist()
    [0, 0, 0, 1]
    """
    alone = other.max(initial=-1) + 1 + np.arange(len(other))
    both = (one, np.where(other < 0, alone, other))
    left, right = (np.unique(codes, return_inverse=True)[1] for codes in both)
    size = int(left.max(initial=-1)) + 1
    count = size + int(right.max(initial=-1)) + 1
    return connected(count, left, size + right)[left]


def class_folds(labels: Codes, n_folds: int, seed: int = 0) -> Codes:
    """Deal classes over folds; all rows of a class share its fold, rows with -1 have fold -1.

    >>> sorted(set(class_folds(np.array([3, 3, 5, 9, -1]), 2).tolist()))
    [-1, 0, 1]
    """
    classes, member = np.unique(labels, return_inverse=True)
    folds = np.random.default_rng(seed).permutation(len(classes)) % n_folds
    if len(classes) and classes[0] < 0:
        folds[0] = -1
    return folds[member]

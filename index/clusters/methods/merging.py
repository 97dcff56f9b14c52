"""Merging clusters by the mean probability between them, until a given number is left."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from ...arrays import Codes
from ..graph import PairGraph
from .pool import numbered

_MOST_DENSE = 3000  # clusters


def merge(labels: Codes, graph: PairGraph, k: int) -> Codes:
    """Return at most k clusters: those of the highest mean probability are joined first.

    Args:
        labels: int64 [n], numbered from 0.
        graph: of the same specimens.
        k: at least 1.
    """
    labels = numbered(labels)
    count = int(labels.max()) + 1
    if count > max(k, _MOST_DENSE):  # the smallest ones go to where they belong most
        labels = _absorbed(labels, graph, max(k, _MOST_DENSE))
        count = int(labels.max()) + 1
    if count <= k:
        return labels
    sums = _between(labels, graph, count).toarray()
    sizes = np.bincount(labels).astype(np.float64)
    into, living = np.arange(count), np.ones(count, np.bool_)
    mean = sums / np.outer(sizes, sizes)
    np.fill_diagonal(mean, -1)
    for _ in range(count - k):
        one, other = sorted(np.unravel_index(int(mean.argmax()), mean.shape))
        sums[one] += sums[other]
        sums[:, one] = sums[one]
        sizes[one] += sizes[other]
        living[other], into[into == other] = False, one
        mean[one] = np.where(living, sums[one] / (sizes[one] * sizes), -1)
        mean[one, one] = -1
        mean[:, one] = mean[one]
        mean[other], mean[:, other] = -1, -1
    return numbered(into[labels])


def _between(labels: Codes, graph: PairGraph, count: int) -> csr_array:
    """Return the sums of probabilities between clusters, symmetric [count, count]."""
    first, second = labels[graph.first], labels[graph.second]
    apart = first != second
    one = PairGraph(count, first[apart], second[apart], graph.probability[apart])
    return one.matrix()


def _absorbed(labels: Codes, graph: PairGraph, most: int) -> Codes:
    """Return clusters without the smallest ones, each of which joins the likeliest large one."""
    count = int(labels.max()) + 1
    sizes = np.bincount(labels).astype(np.float64)
    mean = _between(labels, graph, count)[most:, :most] / sizes[:most]
    into = np.concatenate([np.arange(most), np.asarray(mean.argmax(axis=1)).ravel()])
    return numbered(into[labels])

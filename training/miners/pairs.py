"""Pairs of pictures that a loss can still learn from."""

from __future__ import annotations

from pytorch_metric_learning.miners import MultiSimilarityMiner
from torch import Generator, nn


def multi_similarity(
    distance: nn.Module, generator: Generator | None = None, *, epsilon: float = 0.1
) -> nn.Module:
    """Return the miner of the multi-similarity loss (Wang et al. 2019, arXiv:1904.06627).

    Pairs of one class that are less alike than the most alike pair of two, and the other way round.

    Args:
        epsilon: how far, in the unit of the distance, a pair may miss that.
    """
    miner: nn.Module = MultiSimilarityMiner(epsilon=epsilon, distance=distance)
    return miner

"""Pairs weighed by how they lie among all others of the batch."""

from __future__ import annotations

from pytorch_metric_learning.losses import MultiSimilarityLoss
from torch import nn

from .setting import Setting


def multi_similarity(
    setting: Setting, *, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5
) -> nn.Module:
    """Return the multi-similarity loss (Wang et al. 2019, arXiv:1904.06627).

    Args:
        alpha: how much the least similar pairs of one class count.
        beta: how much the most similar pairs of two classes count.
        base: cosine that both are compared with.
    """
    loss: nn.Module = MultiSimilarityLoss(alpha=alpha, beta=beta, base=base)
    return loss

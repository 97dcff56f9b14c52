"""The contrastive loss where a sentence may be true of several pictures of a batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def contrastive_loss(
    pictures: Tensor, texts: Tensor, truth: Tensor, known: Tensor, scale: Tensor
) -> Tensor:
    """Return how badly pictures and sentences find each other, the mean of both directions.

    Every sentence that is true of a picture is to be found alike, and every picture that a
    sentence is true of: "unified contrastive learning", Yang et al. 2022, arXiv 2204.03610. With
    one true sentence a picture it is CLIP's loss. Pairs of which nothing is known count nowhere.

    Args:
        pictures: float32 [n, dim], unit rows.
        texts: float32 [m, dim], unit rows.
        truth: bool [n, m].
        known: bool [n, m], true wherever `truth` is.
        scale: scalar, what cosines are multiplied by.
    """
    logits = (scale * pictures @ texts.T).masked_fill(~known, -torch.inf)
    return (_one_way(logits, truth) + _one_way(logits.T, truth.T)) / 2


def _one_way(logits: Tensor, truth: Tensor) -> Tensor:
    found = functional.log_softmax(logits, dim=1).masked_fill(~truth, 0)
    share = found.sum(1) / truth.sum(1).clamp(min=1)
    return -share[truth.any(1)].mean()

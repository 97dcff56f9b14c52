"""Pairs of pictures: those of one class are drawn together, those of two are pushed apart."""

from __future__ import annotations

from pytorch_metric_learning.losses import (
    CircleLoss,
    ContrastiveLoss,
    MultiSimilarityLoss,
    NTXentLoss,
    SupConLoss,
)
from torch import nn

from .setting import Setting


def contrastive(
    setting: Setting, *, positive_margin: float = 0.0, negative_margin: float = 1.0
) -> nn.Module:
    """Return the contrastive loss (Hadsell et al. 2006) on distances of unit vectors, in [0, 2].

    Args:
        positive_margin: pairs of one class are drawn together down to this distance.
        negative_margin: pairs of two classes are pushed apart up to this distance.
    """
    loss: nn.Module = ContrastiveLoss(pos_margin=positive_margin, neg_margin=negative_margin)
    return loss


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


def circle(setting: Setting, *, margin: float = 0.4, scale: float = 80.0) -> nn.Module:
    """Return the circle loss (Sun et al. 2020, arXiv:2002.10857).

    Args:
        margin: of cosines, the paper's m.
        scale: the paper's gamma.
    """
    loss: nn.Module = CircleLoss(m=margin, gamma=scale)
    return loss


def supcon(setting: Setting, *, temperature: float = 0.1) -> nn.Module:
    """Return the supervised contrastive loss (Khosla et al. 2020, arXiv:2004.11362).

    Args:
        temperature: that cosines are divided by.
    """
    loss: nn.Module = SupConLoss(temperature=temperature)
    return loss


def nt_xent(setting: Setting, *, temperature: float = 0.07) -> nn.Module:
    """Return the normalised cross entropy of pairs (Sohn 2016; Chen et al. 2020, arXiv:2002.05709).

    Args:
        temperature: that cosines are divided by.
    """
    loss: nn.Module = NTXentLoss(temperature=temperature)
    return loss

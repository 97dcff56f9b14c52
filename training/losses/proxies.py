"""Every class has points of its own that its pictures are drawn to."""

from __future__ import annotations

import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import ProxyAnchorLoss, ProxyNCALoss, SoftTripleLoss
from torch import Tensor, nn

from .setting import Setting


def proxynca(setting: Setting, *, scale: float = 9.0) -> nn.Module:
    """Return ProxyNCA++ (Teh et al. 2020, arXiv:2004.01113) on squared distances of unit vectors.

    Args:
        scale: one over the paper's temperature.
    """
    distance = LpDistance(power=2)
    loss: nn.Module = ProxyNCALoss(
        setting.classes, setting.dim, softmax_scale=scale, distance=distance
    )
    return loss


def proxy_anchor(setting: Setting, *, margin: float = 0.1, scale: float = 32.0) -> nn.Module:
    """Return Proxy-Anchor (Kim et al. 2020, arXiv:2003.13911).

    Args:
        margin: of cosines, the paper's delta.
        scale: the paper's alpha: how much the hardest pictures count.
    """
    loss: nn.Module = ProxyAnchorLoss(setting.classes, setting.dim, margin=margin, alpha=scale)
    return loss


def soft_triple(
    setting: Setting,
    *,
    centres: int = 10,
    scale: float = 20.0,
    gamma: float = 0.1,
    margin: float = 0.01,
    merging: float = 0.2,
) -> nn.Module:
    """Return SoftTriple (Qian et al. 2019, arXiv:1909.05235).

    Args:
        centres: points of a class.
        scale: of the softmax over classes, the paper's lambda.
        gamma: temperature of the softmax over the centres of a class.
        margin: of cosines, the paper's delta.
        merging: how much centres of one class are drawn together, the paper's tau.
    """
    loss: nn.Module = SoftTripleLoss(
        setting.classes,
        setting.dim,
        centers_per_class=centres,
        la=scale,
        gamma=gamma,
        margin=margin,
        weight_regularizer=Spread(centres),
        weight_reg_weight=merging,
    )
    return loss


class Spread(nn.Module):
    """How far the centres of a class lie apart: the mean distance of two, halved.

    The library's own makes a matrix of all centres, which thousands of classes do not fit in.
    """

    def __init__(self, centres: int) -> None:
        super().__init__()
        self.centres = centres

    def forward(self, centres: Tensor) -> Tensor:
        """Return float32, in [0, 1].

        Args:
            centres: float32 [classes * centres, dim], those of a class together.
        """
        if self.centres < 2:
            return centres.sum() * 0
        of_class = nn.functional.normalize(centres).view(-1, self.centres, centres.shape[1])
        cosines = of_class @ of_class.mT
        first, second = torch.triu_indices(self.centres, self.centres, 1, device=centres.device)
        near = cosines[:, first, second].clamp(max=1)
        apart: Tensor = (2 + 1e-5 - 2 * near).sqrt()
        return apart.mean() / 2

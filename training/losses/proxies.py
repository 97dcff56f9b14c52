"""Every class has a point of its own that its pictures are drawn to."""

from __future__ import annotations

from pytorch_metric_learning.losses import ProxyAnchorLoss
from torch import nn

from .setting import Setting


def proxy_anchor(setting: Setting, *, margin: float = 0.1, scale: float = 32.0) -> nn.Module:
    """Return Proxy-Anchor (Kim et al. 2020, arXiv:2003.13911).

    Args:
        margin: of cosines.
        scale: the paper's alpha: how much the hardest pictures count.
    """
    loss: nn.Module = ProxyAnchorLoss(setting.classes, setting.dim, margin=margin, alpha=scale)
    return loss

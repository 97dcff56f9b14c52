"""Unicom's loss: a classifier by angle that sees other features at every step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from holotype.index.errors import UsageError

from .margins import angles
from .setting import Setting

_SPREAD = 0.01  # of the first centres, as the authors have it


class ClusterDiscriminationLoss(nn.Module):
    """Cross entropy of scaled cosines between some dimensions of features and of class centres."""

    def __init__(self, setting: Setting, margin: float, scale: float, share: float) -> None:
        super().__init__()
        self.margin, self.scale, self.generator = margin, scale, setting.generator
        self.kept = max(1, round(share * setting.dim))
        self.centres = nn.Parameter(_SPREAD * torch.randn(setting.classes, setting.dim))

    def forward(self, features: Tensor, labels: Tensor, mined: object = None) -> Tensor:
        """Return the loss of features float32 [n, dim] with labels int64 [n]."""
        chosen = torch.randperm(features.shape[1], generator=self.generator)[: self.kept]
        chosen = chosen.to(features.device)
        cosines = _cosines(features[:, chosen], self.centres[:, chosen])
        own = labels[:, None]
        farther = (angles(cosines.gather(1, own)) + self.margin).cos()
        return nn.functional.cross_entropy(self.scale * cosines.scatter(1, own, farther), labels)

    def get_logits(self, features: Tensor) -> Tensor:
        """Return float32 [n, classes], of all dimensions."""
        return self.scale * _cosines(features, self.centres)


def cluster_discrimination(
    setting: Setting, *, share: float = 0.5, margin: float = 0.3, scale: float = 32.0
) -> nn.Module:
    """Return cluster discrimination with random feature selection.

    An et al. 2023, arXiv:2304.05884.

    Args:
        share: of the dimensions that a step sees, drawn anew each time, in (0, 1].
        margin: in radians, that the angle to the true class is raised by.
        scale: that cosines are multiplied by.

    Raises:
        UsageError: a share above 1.
    """
    if share > 1:
        raise UsageError(
            f"Option share of loss 'cluster-discrimination' is {share:g}; it is at most 1, "
            f"all dimensions"
        )
    return ClusterDiscriminationLoss(setting, margin, scale, share)


def _cosines(features: Tensor, centres: Tensor) -> Tensor:
    return nn.functional.normalize(features) @ nn.functional.normalize(centres).mT

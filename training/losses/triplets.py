"""Triplets: a picture, one of its class, and one of another."""

from __future__ import annotations

import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.utils.loss_and_miner_utils import convert_to_triplets
from torch import Tensor, nn

from .setting import Setting

_NEAREST = 1e-4  # squared distance: two equal pictures with two names must not outweigh the batch


def triplet(setting: Setting, *, margin: float = 0.2) -> nn.Module:
    """Return the triplet loss (Schroff et al. 2015, arXiv:1503.03832) on unit vectors.

    Args:
        margin: by which the distance to another class should be the larger one, in [0, 2].
    """
    loss: nn.Module = TripletMarginLoss(margin=margin)
    return loss


def reciprocal_triplet(setting: Setting, *, unit: bool = False) -> nn.Module:
    """Return the reciprocal triplet loss, the distance within a class + 1 / that to another.

    The distances are squared. Masullo et al. 2019; for microfossils Karaderi et al. 2022,
    arXiv:2112.09490.

    Args:
        unit: whether vectors are compared at unit length; the papers take them as they are.
    """
    return ReciprocalTripletLoss(unit)


class ReciprocalTripletLoss(nn.Module):
    """The mean of d(a, p) + 1 / d(a, n) over triplets, with squared Euclidean distances d."""

    def __init__(self, unit: bool = False) -> None:
        super().__init__()
        self.unit = unit
        self.distance: nn.Module = LpDistance(normalize_embeddings=unit, power=2)

    def forward(
        self, features: Tensor, labels: Tensor, mined: tuple[Tensor, ...] | None = None
    ) -> Tensor:
        """Return the loss of features float32 [n, dim] with labels int64 [n].

        Args:
            mined: int64 [t] each, anchors, positives and negatives; None for every triplet.
        """
        anchor, positive, negative = convert_to_triplets(mined, labels, t_per_anchor="all")
        if not len(anchor):
            return features.sum() * 0
        if self.unit:
            features = nn.functional.normalize(features)
        # Not by matrix products, which lose the small distances of long vectors.
        exact = "donot_use_mm_for_euclid_dist"
        squared = torch.cdist(features, features, compute_mode=exact).square()
        apart = squared[anchor, negative].clamp(min=_NEAREST)
        return (squared[anchor, positive] + 1 / apart).mean()

"""Triplets: every one of a kind, or one for each picture with a positive drawn at random."""

from __future__ import annotations

from collections.abc import Callable

import torch
from pytorch_metric_learning.miners import TripletMarginMiner
from torch import Generator, Tensor, nn

Triplets = tuple[Tensor, Tensor, Tensor]  # int64 [t] each: anchors, positives, negatives

# From distances [n, n], which of them are to another class, those to the positives [n, 1], and
# random numbers [n, n]: the negative of every picture, int64 [n].
Choice = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def all_triplets(distance: nn.Module, generator: Generator | None = None) -> nn.Module:
    """Return the miner of every triplet in the batch."""
    return _library("all", float("inf"), distance)


def semi_hard(
    distance: nn.Module, generator: Generator | None = None, *, margin: float = 0.2
) -> nn.Module:
    """Return the miner of every triplet whose negative is farther than the positive.

    Args:
        margin: by at most how much, in the unit of the loss's distance.
    """
    return _library("semihard", margin, distance)


def hard(distance: nn.Module, generator: Generator | None = None) -> nn.Module:
    """Return the miner of every triplet whose negative is at most as far as the positive."""
    return _library("hard", 0.0, distance)


def random_negative(distance: nn.Module, generator: Generator | None = None) -> nn.Module:
    """Return the miner of one triplet a picture, with any positive and any negative."""
    return DrawnTriplets(distance, generator, _random)


def semi_hard_negative(distance: nn.Module, generator: Generator | None = None) -> nn.Module:
    """Return the miner of one triplet a picture, with any positive, its negative the next farther.

    Where every negative is nearer than the positive, any negative is taken.
    """
    return DrawnTriplets(distance, generator, _nearest_farther)


def hardest_negative(distance: nn.Module, generator: Generator | None = None) -> nn.Module:
    """Return the miner of one triplet a picture, with any positive and the nearest negative."""
    return DrawnTriplets(distance, generator, _nearest)


class DrawnTriplets(nn.Module):
    """One triplet for every picture that has a positive and a negative in the batch."""

    def __init__(self, distance: nn.Module, generator: Generator | None, choose: Choice) -> None:
        super().__init__()
        self.distance, self.generator, self.choose = distance, generator, choose

    @torch.no_grad()
    def forward(self, features: Tensor, labels: Tensor) -> Triplets:
        """Return triplets of features float32 [n, dim] with labels int64 [n]."""
        n = len(labels)
        drawn = torch.rand(2, n, n, generator=self.generator).to(features.device)
        alike = labels[:, None] == labels
        other = ~alike
        alike.fill_diagonal_(False)
        anchors = torch.where(alike.any(1) & other.any(1))[0]
        positives = drawn[0].masked_fill(~alike, -1).argmax(1)
        distances = self.distance(features, features)
        to_positive = distances.gather(1, positives[:, None])
        negatives = self.choose(distances, other, to_positive, drawn[1])
        return anchors, positives[anchors], negatives[anchors]


def _random(distances: Tensor, other: Tensor, to_positive: Tensor, drawn: Tensor) -> Tensor:
    return drawn.masked_fill(~other, -1).argmax(1)


def _nearest(distances: Tensor, other: Tensor, to_positive: Tensor, drawn: Tensor) -> Tensor:
    return distances.masked_fill(~other, float("inf")).argmin(1)


def _nearest_farther(
    distances: Tensor, other: Tensor, to_positive: Tensor, drawn: Tensor
) -> Tensor:
    farther = other & (distances > to_positive)
    nearest = _nearest(distances, farther, to_positive, drawn)
    return torch.where(farther.any(1), nearest, _random(distances, other, to_positive, drawn))


def _library(kind: str, margin: float, distance: nn.Module) -> nn.Module:
    miner: nn.Module = TripletMarginMiner(margin, type_of_triplets=kind, distance=distance)
    return miner

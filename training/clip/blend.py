"""Weights between the start and what was trained (WiSE-FT, arXiv 2109.01903)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

Weights = dict[str, Tensor]


def weights_of(network: nn.Module) -> Weights:
    """Return a copy of a network's weights."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def blended(start: Mapping[str, Tensor], trained: Mapping[str, Tensor], alpha: float) -> Weights:
    """Return weights that are `alpha` of the way from the start to what was trained.

    >>> blended({"w": torch.zeros(1)}, {"w": torch.ones(1)}, 0.25)
    {'w': tensor([0.2500])}
    """
    if alpha in (0.0, 1.0):  # to the bit, without rounding
        return dict(trained if alpha else start)
    return {
        name: torch.lerp(start[name], tensor, alpha) if tensor.is_floating_point() else tensor
        for name, tensor in trained.items()
    }

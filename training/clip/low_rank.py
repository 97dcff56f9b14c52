"""Low-rank changes of a network's linear layers (LoRA, Hu et al. 2021, arXiv 2106.09685)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class LowRank(nn.Module):
    """Adds a product of two narrow matrices to a weight; none at the start.

    Args:
        weight: [out, in], or that of a convolution of one pixel, [out, in, 1, 1].
    """

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        out, into = weight.shape[:2]
        self.down = nn.Parameter(torch.randn(rank, into) / into**0.5)
        self.up = nn.Parameter(torch.zeros(out, rank))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the changed weight."""
        return weight + (self.up @ self.down).view_as(weight)


def add_low_rank(network: nn.Module, rank: int) -> None:
    """Freeze a network except for a low-rank change of each of its linear layers.

    Linear layers are those of transformers and heads, and the convolutions of one pixel, which
    are the linear layers of convolutional networks.
    """
    network.requires_grad_(False)
    for module, name in _linear_weights(network):
        weight = getattr(module, name)
        parametrize.register_parametrization(module, name, LowRank(weight, rank))


def merge_low_rank(network: nn.Module) -> None:
    """Turn the changes into the weights themselves: the same tensors as before `add_low_rank`."""
    for module in list(network.modules()):
        if parametrize.is_parametrized(module):
            for name in list(module.parametrizations):  # type: ignore[arg-type]
                parametrize.remove_parametrizations(module, name)


def _linear_weights(network: nn.Module) -> list[tuple[nn.Module, str]]:
    found: list[tuple[nn.Module, str]] = []
    for module in network.modules():
        one_pixel = isinstance(module, nn.Conv2d) and module.weight.shape[2:] == (1, 1)
        if isinstance(module, nn.MultiheadAttention):
            found.append((module, "in_proj_weight"))
        elif isinstance(module, nn.Linear) or (one_pixel and module.groups == 1):
            found.append((module, "weight"))
    return found

"""What a loss is made for."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Setting:
    """What a loss is made for at one rank.

    Attributes:
        classes: how many there are.
        dim: of the features.
        smoothing: share of the certainty that a softmax spreads over all classes, in [0, 1).
        generator: random choices are drawn from it, on the CPU; None is torch's own.
    """

    classes: int
    dim: int
    smoothing: float = 0.0
    generator: torch.Generator | None = None

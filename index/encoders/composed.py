"""Networks made of others: a tower of a CLIP, layers after features, two side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn


class ImageTower(nn.Module):
    """The half of a CLIP model that takes pictures."""

    def __init__(self, clip: nn.Module) -> None:
        super().__init__()
        self.clip = clip

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return features, [n, dim], of float32 [n, 3, size, size]."""
        features: torch.Tensor = self.clip.encode_image(images)  # type: ignore[operator]
        return features


class WithHead(nn.Module):
    """A network with linear layers after its features, and ReLU between them.

    Args:
        backbone: maps float32 [n, 3, size, size] to features [n, width].
        widths: of the layers; the last is the length of an embedding.
    """

    def __init__(self, backbone: nn.Module, width: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.backbone = backbone
        layers: list[nn.Module] = []
        for before, after in pairwise((width, *widths)):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.head = nn.Sequential(*layers[:-1])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return features, [n, widths[-1]], of float32 [n, 3, size, size]."""
        features: torch.Tensor = self.head(self.backbone(images))
        return features


class Scaled(nn.Module):
    """A network that is shown pictures scaled to another side than they come in.

    So two networks side by side each see the size that they tell taxa apart best by.

    Args:
        network: maps float32 [n, 3, side, side] to features [n, dim].
        side: in pixels.
    """

    def __init__(self, network: nn.Module, side: int) -> None:
        super().__init__()
        self.network = network
        self.side = side
        # Among the weights, so that encoders that differ in it have different fingerprints.
        self.register_buffer("scaled_to", torch.tensor([side]))

    def extra_repr(self) -> str:
        """Return what is said of it where a network is told by its layers."""
        return f"side={self.side}"

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return features, [n, dim], of float32 [n, 3, size, size]."""
        rows = torch.from_numpy(_scaling(int(images.shape[-1]), self.side)).to(images)
        features: torch.Tensor = self.network(rows @ images @ rows.T)
        return features


@cache
def _scaling(before: int, after: int) -> NDArray[np.float32]:
    """Return the matrix, [after, before], that scales columns of pixels as Pillow does, bicubic.

    A product of matrices, since ONNX has no word for scaling that smooths first.
    """
    unit = Image.fromarray(np.eye(before, dtype=np.float32))
    return np.array(unit.resize((before, after), Image.Resampling.BICUBIC))


class Beside(nn.Module):
    """A trained network and the one that it started from, side by side.

    What training forgets of taxa that it never saw, the start still tells apart.
    """

    def __init__(self, trained: nn.Module, start: nn.Module) -> None:
        super().__init__()
        self.trained = trained
        self.start = start

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the unit features of both, float32 [n, dim of both], unit rows again."""
        return side_by_side(self.trained(images), self.start(images))


def side_by_side(trained: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    """Return two features of n things as one: unit rows of each, concatenated, made unit."""
    unit = [nn.functional.normalize(features.float(), dim=1) for features in (trained, start)]
    return nn.functional.normalize(torch.cat(unit, dim=1), dim=1)

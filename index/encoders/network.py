"""All that an encoder computes: from the views of pictures to their embeddings."""

from __future__ import annotations

import torch
from torch import nn


class Network(nn.Module):
    """An image network with what comes before it and after it, so that both run as one.

    Args:
        image: maps float32 [n, 3, size, size] to features [n, dim].
        mean, std: per channel, on RGB scaled to 0..1.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, image: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.image = image
        self.register_buffer("mean", 255.0 * torch.tensor(mean)[None, :, None, None])
        self.register_buffer("std", 255.0 * torch.tensor(std)[None, :, None, None])

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed pictures.

        Args:
            pixels: uint8 [n, views, size, size, 3].

        Returns:
            float32 [n, dim], unit rows: the normalised mean over the normalised views.
        """
        count, views = pixels.shape[:2]
        batch = pixels.flatten(0, 1).permute(0, 3, 1, 2).float()
        features = self.image((batch - self.mean) / self.std).float()
        unit = nn.functional.normalize(features, dim=1).view(count, views, -1)
        return nn.functional.normalize(unit.mean(1), dim=1)

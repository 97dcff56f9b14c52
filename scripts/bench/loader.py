"""What people write: a plain DataLoader, Pillow and open_clip's transform, batches of 32."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from holotype.index.encoders import Encoder


def usual_transform(encoder: Encoder) -> Callable[[Image.Image], torch.Tensor]:
    """Return open_clip's transform of a picture with an encoder's size, mean and std."""
    from open_clip.transform import image_transform

    recipe = encoder.preprocessing
    made: Callable[[Image.Image], torch.Tensor] = image_transform(
        recipe.size, is_train=False, mean=recipe.mean, std=recipe.std
    )
    return made


class _Files(Dataset[torch.Tensor]):
    def __init__(self, files: list[Path], encoder: Encoder) -> None:
        self.files = files
        self.transform = usual_transform(encoder)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> torch.Tensor:
        return self.transform(Image.open(self.files[place]).convert("RGB"))


def embed_with_loader(files: list[Path], encoder: Encoder, *, workers: int) -> torch.Tensor:
    """Return the features of files, float32 [n, dim], by PyTorch in the threads it takes."""
    loader = DataLoader(_Files(files, encoder), batch_size=32, num_workers=workers)
    with torch.inference_mode():
        return torch.cat([encoder.network.image(batch) for batch in loader])

"""What a step feeds to what is trained: changed pictures, kept activations, or stored vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from holotype.index.arrays import Codes, Embeddings
from holotype.index.vectors.projection import signed_power

from ..augmentation.augment import Augmentation, augment, draw

_SHARE_OF_GPU = 0.4  # of its free memory, that inputs may take


class Inputs(Protocol):
    """Where the inputs of a step come from."""

    def drawn(self, rows: Codes, own: slice, size: int, generator: torch.Generator) -> Tensor:
        """Return the inputs of a part of a batch, on the device.

        Chance is drawn for the whole batch, so that processes that share one agree.

        Args:
            rows: int64 [n], of the whole batch.
            own: which of them are wanted.
            size: side of the pictures in pixels, where pictures are shown.
        """


class Pictures:
    """Squares, changed anew whenever they are seen.

    Args:
        pixels: uint8 [m, side, side, 3].
        chosen: int64 [n], those that rows speak of; None for all.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        chosen: Codes | None,
        augmentation: Augmentation,
        device: torch.device,
    ) -> None:
        self._pixels = pixels
        self._chosen = np.arange(len(pixels)) if chosen is None else chosen
        self._augmentation = augmentation
        self._device = device
        self._near = self._kept_near()

    def drawn(self, rows: Codes, own: slice, size: int, generator: torch.Generator) -> Tensor:
        """Return float32 [k, 3, size, size] in 0 to 1; see `Inputs`."""
        draws = draw(len(rows), self._augmentation, generator).part(own)
        pictures = augment(self._squares(rows[own]), draws, size)
        return pictures.contiguous(memory_format=torch.channels_last)

    def _kept_near(self) -> Tensor | None:
        """Return all squares on the GPU, where they leave it room to train; None elsewhere."""
        if self._device.type != "cuda" or not len(self._chosen):
            return None
        free, _ = torch.cuda.mem_get_info(self._device)
        if len(self._chosen) * self._pixels[0].nbytes > _SHARE_OF_GPU * free:
            return None
        return torch.from_numpy(self._pixels[self._chosen]).to(self._device)

    def _squares(self, rows: Codes) -> Tensor:
        """Return the squares of some rows on the device."""
        if self._near is not None:
            return self._near[torch.from_numpy(rows).to(self._device)]
        squares = torch.from_numpy(self._pixels[self._chosen[rows]])
        if self._device.type == "cuda":
            squares = squares.pin_memory()
        return squares.to(self._device, non_blocking=True)


@dataclass(frozen=True, eq=False)
class KeptMaps:
    """Activations of pictures that were changed a few times: one of those times is drawn.

    Attributes:
        maps: float16 [m, copies, channels, height, width], in memory or in a file.
        chosen: int64 [n], the pictures that rows speak of.
    """

    maps: NDArray[np.float16]
    chosen: Codes
    device: torch.device

    def drawn(self, rows: Codes, own: slice, size: int, generator: torch.Generator) -> Tensor:
        """Return float32 [k, channels, height, width]; see `Inputs`."""
        copies = torch.randint(self.maps.shape[1], (len(rows),), generator=generator)
        found = torch.from_numpy(self.maps[self.chosen[rows[own]], copies[own].numpy()])
        return found.to(self.device).float().contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True, eq=False)
class Vectors:
    """Stored embeddings, of which some coordinates are left out by chance.

    Attributes:
        vectors: float32 [m, dim].
        chosen: int64 [n], those that rows speak of.
        exponent: the signed power that they are raised to.
        dropped: share of the coordinates that are left out, which keeps a map from learning
            single pictures by heart.
    """

    vectors: Embeddings
    chosen: Codes
    exponent: float
    dropped: float
    device: torch.device

    def drawn(self, rows: Codes, own: slice, size: int, generator: torch.Generator) -> Tensor:
        """Return float32 [k, dim]; see `Inputs`."""
        kept = torch.rand(len(rows), self.vectors.shape[1], generator=generator) >= self.dropped
        powered = signed_power(self.vectors[self.chosen[rows[own]]], self.exponent)
        found = torch.from_numpy(powered) * kept[own] / (1 - self.dropped)
        return found.to(self.device)

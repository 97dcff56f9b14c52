"""Squares of pictures as an image tower sees them: as they are, in copies, or changed at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from holotype.index.arrays import Codes, Embeddings, Pixels
from holotype.index.encoders.model import Preprocessing
from holotype.index.pictures.scaling import scaled

Embed = Callable[[Tensor], Tensor]  # float32 [n, 3, size, size] in 0 to 1 -> [n, dim]

_CENTRE = 0.65  # share of the side that the centre shows
TOGETHER = 32  # pictures embedded at a time


def as_tensor(squares: Pixels, recipe: Preprocessing) -> Tensor:
    """Return pictures, float32 [n, 3, size, size] in 0 to 1, of uint8 [n, side, side, 3]."""
    size, method = recipe.size, recipe.interpolation
    made = np.stack([scaled(square, size, method) for square in squares])
    return torch.from_numpy(made).permute(0, 3, 1, 2).float().div_(255)


def copies_of(squares: Pixels, *, mirror: bool) -> list[Pixels]:
    """Return pictures whole, mirrored where that shows the same taxon, and their centres."""
    margin = round(squares.shape[1] * (1 - _CENTRE) / 2)
    centre = slice(margin, squares.shape[1] - margin)
    mirrored = [squares[:, :, ::-1]] if mirror else []
    return [squares, *mirrored, squares[:, centre, centre]]


def embedded(
    embed: Embed,
    squares: NDArray[np.uint8],
    rows: Codes,
    recipe: Preprocessing,
    *,
    device: torch.device,
    copies: bool = False,
    mirror: bool = True,
) -> Embeddings:
    """Return float32 [n, copies, dim], features of some pictures.

    Args:
        embed: runs without gradients.
        squares: uint8 [all, side, side, 3]; a memory map will do.
        recipe: how they become the network's input, but for mean and std.
        copies: whether there are others beside the whole picture.
    """
    made: list[Embeddings] = []
    for start in range(0, len(rows), TOGETHER):
        some = np.asarray(squares[rows[start : start + TOGETHER]])
        shown = copies_of(some, mirror=mirror) if copies else [some]
        with torch.no_grad():
            parts = [embed(as_tensor(one, recipe).to(device)).cpu() for one in shown]
        made.append(torch.stack(parts, 1).numpy())
    return np.concatenate(made)

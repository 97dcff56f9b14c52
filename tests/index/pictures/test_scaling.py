"""Pictures are scaled to the bit as PyTorch scales them, by which all stored vectors were made."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from holotype.index.pictures.scaling import METHODS, by_numpy, scaled

SEED = 11


def by_torch(square: np.ndarray, size: int, method: str) -> np.ndarray:
    pixels = torch.from_numpy(square).permute(2, 0, 1)[None]
    made = torch.nn.functional.interpolate(pixels, (size, size), mode=method, antialias=True)
    rows: np.ndarray = made[0].permute(1, 2, 0).numpy()
    return rows


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ends", [False, True], ids=["noise", "black and white"])
def test_every_pixel_is_the_same(method: str, ends: bool) -> None:
    rng = np.random.default_rng(SEED)
    sizes = [(1, 1), (1, 224), (224, 224), (7, 224), (223, 224), (225, 224), (897, 224), (1301, 32)]
    sizes += [(int(rng.integers(1, 700)), int(rng.integers(1, 400))) for _ in range(40)]
    for side, size in sizes:
        square = rng.integers(0, 2 if ends else 256, (side, side, 3), np.uint8)
        square *= 255 if ends else 1
        expected = by_torch(square, size, method)
        for found in (by_numpy(square, size, method), scaled(square, size, method)):
            assert found.dtype == np.uint8
            assert found.flags.c_contiguous
            np.testing.assert_array_equal(found, expected, f"{side} to {size} px, {SEED=}")


def test_the_picture_itself_is_left_as_it_is() -> None:
    square = np.random.default_rng(SEED).integers(0, 256, (50, 50, 3), np.uint8)
    before = square.copy()
    scaled(square[5:45, 5:45], 32, "bicubic")
    np.testing.assert_array_equal(square, before)

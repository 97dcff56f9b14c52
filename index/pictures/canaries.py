"""Fixed pictures: what an encoder makes of them tells whether it still sees as it did."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image

LEAST_COSINE = 0.9999  # between what was made of a canary picture before and now
_SIZES = ((96, 64), (64, 96), (301, 301))  # lying, standing, scaled down by an odd factor


@cache
def canary_pictures() -> tuple[Image.Image, ...]:
    """Return the pictures: RGB, made of whole numbers alone, the same on every machine.

    They are made once, as every question to a space counts them; nobody may change them.

    Each is a grid of coloured waves with hard edges, so that colour, orientation, scaling and
    padding all leave their mark.

    >>> [picture.size for picture in canary_pictures()]
    [(96, 64), (64, 96), (301, 301)]
    """
    return tuple(_picture(number, *size) for number, size in enumerate(_SIZES, 1))


def _picture(number: int, width: int, height: int) -> Image.Image:
    x, y = np.arange(width)[None, :], np.arange(height)[:, None]
    red = (x * (3 + number) + y * number) % 256
    green = (x * y // (5 + number)) % 256
    blue = np.where((x // 11 + y // (7 + number)) % 2, 220, 35 * number)
    pixels = np.stack(np.broadcast_arrays(red, green, blue), axis=2).astype(np.uint8)
    return Image.fromarray(pixels)

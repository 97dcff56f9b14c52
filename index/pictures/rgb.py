"""Any of Pillow's modes as 8-bit RGB, block by block: deep pictures are never copied as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..arrays import Pixels

_SIDE = 1024  # px of a block

Box = tuple[int, int, int, int]
Values = NDArray[Any]  # of 16 or 32 bits, whole numbers or fractions


def to_rgb(image: Image.Image, longest: int = 0) -> Image.Image:
    """Return any Pillow mode as 8-bit RGB; transparency is laid on white, as on a mounting card.

    Args:
        image: decoded.
        longest: the long side in pixels that the result stays below, reduced by a whole factor;
            0 keeps the size.
    """
    factor = reduction(image.size, longest)
    if image.mode == "RGB" and not image.has_transparency_data:
        return image if factor <= 1 else image.reduce(factor)
    width, height = image.size
    rgb = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    convert = _conversion(image)
    for box in _boxes(image.size, factor):
        block = convert(image.crop(box))
        rgb.paste(block.reduce(factor), (box[0] // factor, box[1] // factor))
    return rgb


def reduction(size: tuple[int, int], longest: int) -> int:
    """Return the whole factor that brings the long side to a limit in pixels; 0 is no limit.

    >>> reduction((100, 30), 40), reduction((100, 30), 0)
    (3, 1)
    """
    return -(-max(size) // longest) if longest else 1


def _boxes(size: tuple[int, int], factor: int) -> Iterator[Box]:
    """Yield the boxes of blocks that cover a picture, with sides that a factor divides."""
    width, height = size
    side = max(1, _SIDE // factor) * factor
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield left, top, min(left + side, width), min(top + side, height)


def _conversion(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Return what makes RGB of every block of a picture."""
    if image.mode == "F" or image.mode.startswith("I"):
        to_grey = _grey_scale(image)
        return lambda block: Image.fromarray(to_grey(_values(block))).convert("RGB")
    return _on_white if image.has_transparency_data else lambda block: block.convert("RGB")


def _on_white(block: Image.Image) -> Image.Image:
    rgba = block.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def _grey_scale(image: Image.Image) -> Callable[[Values], Pixels]:
    """Return what makes 8 bits of values of 16 or 32.

    Cameras store 10-, 12- and 14-bit values in 16-bit files, so whole numbers are scaled by the
    smallest such depth that holds the picture's maximum: a fixed 16-bit scale would show a 12-bit
    picture nearly black. Fractions have no depth and are stretched from minimum to maximum.
    """
    blocks = (_values(image.crop(box)) for box in _boxes(image.size, 1))
    ends = [(float(values.min()), float(values.max())) for values in blocks]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    if image.mode == "F":
        return lambda values: _scaled(values, low, high)
    high = next((2.0**bits - 1 for bits in (8, 10, 12, 14, 16) if high < 2**bits), high)
    if high >= 1 << 16:
        return lambda values: _scaled(values, 0.0, high)
    table = _scaled(np.arange(1 << 16), 0.0, high)  # looking up is many times faster
    return lambda values: table[np.maximum(values, 0)]


def _scaled(values: Values, low: float, high: float) -> Pixels:
    wide = values.astype(np.float64)
    wide -= low
    wide *= 255.0 / max(high - low, 1e-12)
    return np.rint(wide.clip(0, 255, out=wide), out=wide).astype(np.uint8)


def _values(block: Image.Image) -> Values:
    """Return the values of a block; what is not finite counts as 0."""
    values: Values = np.asarray(block)
    if block.mode == "F" and not np.isfinite(values).all():
        return np.nan_to_num(values, posinf=0.0, neginf=0.0)
    return values

"""Any of Pillow's modes as 8-bit RGB, block by block: no copy of the whole picture at full depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 1024  # px of a block

Box = tuple[int, int, int, int]


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
        low, high = _range(image)
        return lambda block: _to_8_bit(block, low, high).convert("RGB")
    return _on_white if image.has_transparency_data else lambda block: block.convert("RGB")


def _on_white(block: Image.Image) -> Image.Image:
    rgba = block.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def _range(image: Image.Image) -> tuple[float, float]:
    """Return which values of 16 or 32 bits are shown as black and as white.

    Cameras store 10-, 12- and 14-bit values in 16-bit files, so whole numbers are scaled by the
    smallest such depth that holds the picture's maximum: a fixed 16-bit scale would show a 12-bit
    picture nearly black. Fractions have no depth and are stretched from minimum to maximum.
    """
    blocks = (_values(image.crop(box)) for box in _boxes(image.size, 1))
    ends = [(float(grey.min()), float(grey.max())) for grey in blocks]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    if image.mode == "F":
        return low, high
    return 0.0, next((2.0**bits - 1 for bits in (8, 10, 12, 14, 16) if high < 2**bits), high)


def _to_8_bit(block: Image.Image, low: float, high: float) -> Image.Image:
    scaled = (_values(block) - low) / max(high - low, 1e-12) * 255.0
    return Image.fromarray(np.rint(scaled.clip(0, 255)).astype(np.uint8))


def _values(block: Image.Image) -> NDArray[np.float64]:
    return np.nan_to_num(np.asarray(block).astype(np.float64), posinf=0.0, neginf=0.0)

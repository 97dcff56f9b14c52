"""Values of more than 8 bits: which is black, which is white, and how they become 8 bits.

Cameras and microscopes store 10-, 12- and 14-bit values in 16-bit files, and seldom say so. Unless
the file does, whole numbers are scaled by the smallest of 8, 10, 12, 14 and 16 bits that holds the
largest of them: by 16, a picture of 12 bits would be nearly black. Fractions from 0 to 1 are shown
as such; others have no depth, and are stretched from the least to the largest where they are grey.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFile, TiffImagePlugin

from ..arrays import Pixels

DEPTHS = (8, 10, 12, 14, 16)  # bits of a value, as cameras have them

_SHALLOW = 64  # high bytes below are those of 14 bits or fewer
_SLACK = 0.05  # by which scaling lets fractions leave 0 to 1
_LARGEST_TAGS = (341, 281)  # SMaxSampleValue, MaxSampleValue
_WHITE_IS_ZERO, _SIGNED = 0, 2
_SIDE = 1024

Values = NDArray[Any]  # of 16 or 32 bits, whole numbers or fractions


class UnclearError(Exception):
    """A picture whose values can be read and not shown; the rest of a sentence after its name."""


@dataclass(frozen=True)
class Said:
    """What a file says of its values.

    Attributes:
        bits: of a value; 0 where it says nothing.
        inverted: 0 is white.
        signed: whole numbers with a sign, of which half are below zero.
    """

    bits: int = 0
    inverted: bool = False
    signed: bool = False


def said_by(image: Image.Image) -> Said:
    """Return what a file says of its values; only a TIFF says anything."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return Said()
    tags = image.tag_v2
    bits = _first(tags.get(TiffImagePlugin.BITSPERSAMPLE))
    largest = next((value for tag in _LARGEST_TAGS if (value := _first(tags.get(tag)))), 0)
    if largest + 1 in [1 << depth for depth in DEPTHS]:  # else it is what the picture holds
        bits = min(bits, largest.bit_length())
    return Said(
        bits=bits if bits < 16 else 0,
        inverted=tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO,
        signed=_first(tags.get(TiffImagePlugin.SAMPLEFORMAT)) == _SIGNED,
    )


def _first(value: object) -> int:
    """Return a tag's first value where it is a whole number, else 0."""
    first = value[0] if isinstance(value, tuple) and value else value
    return int(first) if isinstance(first, int) or (isinstance(first, float) and first > 0) else 0


def white_of(largest: float, said: Said = Said()) -> float:
    """Return the whole number that is white.

    >>> white_of(3000), white_of(3000, Said(bits=14)), white_of(70_000)
    (4095.0, 16383.0, 70000)
    """
    if said.bits and largest < 1 << said.bits:
        return 2.0**said.bits - 1
    white = next((2.0**bits - 1 for bits in DEPTHS if largest < 1 << bits), largest)
    return 32767.0 if said.signed and white == 65535 else white


def to_8_bits(
    parts: Iterable[Values], *, fractions: bool, colour: bool, said: Said
) -> Callable[[Values], Pixels]:
    """Return what makes 8 bits of values of 16 or 32.

    Args:
        parts: all values of the picture, block by block.
        fractions: they are no whole numbers.
        colour: they are of several bands, which share one scale.

    Raises:
        UnclearError: fractions of colours some of which are below 0.
    """
    low, high = np.inf, -np.inf
    for values in parts:
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    black, white = _ends(low, high, colour) if fractions else (0.0, white_of(high, said))
    if fractions or white >= 1 << 16:
        return lambda values: _turned(_scaled(values, black, white), said.inverted)
    table = _turned(_scaled(np.arange(1 << 16), black, white), said.inverted)
    return lambda values: table[np.maximum(values, 0)]  # looking up is many times faster


def _ends(low: float, high: float, colour: bool) -> tuple[float, float]:
    """Return which fractions are black and white."""
    if low >= -_SLACK and 0 < high <= 1 + _SLACK:
        return 0.0, 1.0
    if not colour:
        return low, high
    if low < -_SLACK:
        raise UnclearError(
            f"holds fractions of colours from {low:.3g} to {high:.3g}, and nothing says which is "
            "black; scale them to 0 to 1, or save it in 8 or 16 bits"
        )
    return 0.0, white_of(high)


def _turned(pixels: Pixels, inverted: bool) -> Pixels:
    return 255 - pixels if inverted else pixels


def _scaled(values: Values, low: float, high: float) -> Pixels:
    wide = values.astype(np.float64)
    wide -= low
    wide *= 255.0 / max(high - low, 1e-12)
    return np.rint(wide.clip(0, 255, out=wide), out=wide).astype(np.uint8)


# Colours of 16 bits, of which Pillow keeps the high byte ------------------------------------------

_Tile = Any  # what Pillow says of a part of a file
_SWAPPED = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}
_COLOURS = tuple(f"{mode};16" for mode in ("RGB", "RGBA", "RGBX"))


def low_byte_tiles(image: Image.Image) -> list[_Tile] | None:
    """Return how to read the low bytes of an opened picture; None where it has one byte a band."""
    tiles = image.tile if isinstance(image, ImageFile.ImageFile) else []
    if not tiles or not all(_raw_mode(tile)[:-1] in _COLOURS for tile in tiles):
        return None
    return [_with_raw_mode(tile, _swapped(_raw_mode(tile))) for tile in tiles]


def _raw_mode(tile: _Tile) -> str:
    mode = tile.args[0] if isinstance(tile.args, tuple) and tile.args else tile.args
    return mode if isinstance(mode, str) else ""


def _with_raw_mode(tile: _Tile, mode: str) -> _Tile:
    whole = isinstance(tile.args, tuple)
    return tile._replace(args=(mode, *tile.args[1:]) if whole else mode)


def _swapped(mode: str) -> str:
    return mode[:-1] + _SWAPPED[mode[-1]]


def is_shallow(high: Image.Image) -> bool:
    """Return whether the high bytes of 16-bit colours are those of 14 bits or fewer."""
    return max(most for _, most in _extrema(high)[:3]) < _SHALLOW


def _extrema(image: Image.Image) -> list[tuple[int, int]]:
    return [image.getchannel(band).getextrema() for band in range(len(image.getbands()))]  # type: ignore[misc]


def join(high: Image.Image, low: Image.Image, said: Said) -> None:
    """Put the highest 8 bits that are used of 16-bit colours in place of the high bytes.

    Args:
        high, low: RGB or RGBA, the bytes of every value.
        said: by the file.
    """
    most = [256 * value + 255 for _, value in _extrema(high)]  # which has as many bits
    white = int(white_of(max(most[:3]), said))
    # Where alpha is deeper than the colours, it has all 16 bits.
    whites = [white] * 3 + [white if value <= white else 65535 for value in most[3:]]
    shifts = [16 - value.bit_length() for value in whites]
    upper = [value << shift & 255 for shift in shifts for value in range(256)]
    lower = [value >> (8 - shift) for shift in shifts for value in range(256)]
    for top in range(0, high.height, _SIDE):
        for left in range(0, high.width, _SIDE):
            box = (left, top, min(left + _SIDE, high.width), min(top + _SIDE, high.height))
            parts = high.crop(box).point(upper), low.crop(box).point(lower)
            high.paste(ImageChops.add(*parts), box)

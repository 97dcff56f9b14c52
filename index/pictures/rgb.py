"""Any of Pillow's modes as 8-bit RGB, block by block: deep pictures are never copied as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from ..arrays import Pixels
from .bands import Bands
from .depth import Values, said_by, to_8_bits
from .profiles import applied, in_srgb, transform_of

_SIDE = 1024  # px of a block

Box = tuple[int, int, int, int]


def to_rgb(image: Image.Image, longest: int = 0, bands: Bands | None = None) -> Image.Image:
    """Return any Pillow mode as 8-bit sRGB; transparency is laid on white, as on a mounting card.

    Args:
        image: decoded; it stays as it is.
        longest: the long side in pixels that the result stays below, reduced by a whole factor;
            0 keeps the size.
        bands: how bands lie in it, where it is not a picture as it is.

    Raises:
        UnclearError: values that cannot be shown.
    """
    size = image.size if bands is None else bands.size
    factor = reduction(size, longest)
    transform = transform_of(image) if bands is None else None
    if image.mode == "RGB" and not image.has_transparency_data:
        return in_srgb(image if factor <= 1 else image.reduce(factor), transform)
    width, height = size
    rgb = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    if image.mode == "CMYK" and transform is not None:
        inks = transform
        convert: Callable[[Box], Image.Image] = lambda box: applied(image.crop(box), inks)  # noqa: E731
        transform = None
    else:
        convert = _conversion(image, bands)
    for box in _boxes(size, factor):
        rgb.paste(convert(box).reduce(factor), (box[0] // factor, box[1] // factor))
    return in_srgb(rgb, transform)


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


def _conversion(image: Image.Image, bands: Bands | None) -> Callable[[Box], Image.Image]:
    """Return what makes RGB of every block of a picture."""
    if image.mode == "F" or image.mode.startswith("I"):
        return _from_values(image, bands)
    if bands is not None:  # of 8 bits
        return lambda box: Image.fromarray(_three(bands.values(image, box)))
    to_rgb = _on_white if image.has_transparency_data else lambda block: block.convert("RGB")
    return lambda box: to_rgb(image.crop(box))


def _from_values(image: Image.Image, bands: Bands | None) -> Callable[[Box], Image.Image]:
    size = image.size if bands is None else bands.size

    def values(box: Box) -> Values:
        found = (
            np.asarray(image.crop(box))[:, :, None] if bands is None else bands.values(image, box)
        )
        if image.mode == "F" and not np.isfinite(found).all():  # what is not counts as 0
            found = np.nan_to_num(found, posinf=0.0, neginf=0.0)
        return found

    eight_bits = to_8_bits(
        (values(box) for box in _boxes(size, 1)),
        fractions=image.mode == "F",
        colour=bands is not None and bands.shown > 1,
        said=said_by(image),
    )
    return lambda box: Image.fromarray(_three(eight_bits(values(box))))


def _three(pixels: Pixels) -> Pixels:
    """Return [h, w, 1] or [h, w, 3] as the latter."""
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def _on_white(block: Image.Image) -> Image.Image:
    rgba = block.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")

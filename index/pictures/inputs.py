"""What a picture may be given as: a file, its bytes, a Pillow image or an array of pixels."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias, TypeGuard

import numpy as np
from PIL import Image

from ..arrays import Pixels
from ..errors import PictureError, UsageError
from .reading import content_hash, limits_of_settings, read_bytes, read_opened, read_picture

Picture: TypeAlias = str | Path | bytes | Image.Image | Pixels

_BYTES = bytes | bytearray | memoryview
TAKEN = (
    "a path (str or Path), the bytes of a file, a Pillow image, or a uint8 array of shape [h, w], "
    "[h, w, 3] or [h, w, 4]"
)


def is_picture(given: object) -> TypeGuard[Picture]:
    """Return whether something stands for one picture, rather than for several."""
    return isinstance(given, str | os.PathLike | _BYTES | Image.Image | np.ndarray)


def as_pictures(given: Picture | Iterable[Picture]) -> list[Picture]:
    """Return one or several pictures as a list.

    Raises:
        UsageError: something else is among them.

    >>> as_pictures("moth.jpg")
    ['moth.jpg']
    """
    if is_picture(given):
        return [given]
    # Of an opened file or a table the members are lines or names, which would pass for pictures.
    if not isinstance(given, Iterable) or isinstance(given, io.IOBase | Mapping):
        raise UsageError(f"{_kind(given)} is no picture; give {TAKEN}, or a list of these")
    pictures: list[Picture] = []
    for one in given:
        if not is_picture(one):
            raise UsageError(f"{_kind(one)} is no picture; give {TAKEN}")
        pictures.append(one)
    return pictures


def named_file(picture: Picture) -> str:
    """Return the path of a picture that was given as a file; empty for any other."""
    return str(picture) if isinstance(picture, str | os.PathLike) else ""


def read_input(picture: Picture, *, target: int = 0) -> tuple[Image.Image, str]:
    """Read a picture, however it was given.

    Args:
        picture: see `Picture`; a Pillow image is turned as its EXIF says, transparency is laid on
            white.
        target: see `read_picture`.

    Returns:
        upright 8-bit RGB, and the sha256 of its file; empty where there is no file, so that the
        picture is not recognised where it is stored.

    Raises:
        PictureError: it cannot be used; see `read_picture`.
        UsageError: an array of another kind.
    """
    if isinstance(picture, np.ndarray):
        return read_opened(_image_of(picture), target=target), ""
    if isinstance(picture, Image.Image):
        _require_size(picture)
        return read_opened(picture, target=target), ""
    if isinstance(picture, _BYTES):
        data, name = bytes(picture), None
    else:
        name = Path(picture)
        data = read_bytes(name)
    return read_picture(data, target=target, name=name), content_hash(data)


def _image_of(pixels: Pixels) -> Image.Image:
    if pixels.dtype != np.uint8:
        raise UsageError(
            f"The array is {pixels.dtype}; give uint8, 0 to 255, in the shape [h, w], [h, w, 3] "
            "or [h, w, 4]"
        )
    shape = pixels.shape
    if not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))) or 0 in shape:
        raise UsageError(
            f"The array has the shape {list(shape)}; give one picture as [h, w], [h, w, 3] or "
            "[h, w, 4], and several as a list"
        )
    image = Image.fromarray(np.ascontiguousarray(pixels))
    _require_size(image)
    return image


def _require_size(image: Image.Image) -> None:
    width, height = image.size
    pixels = limits_of_settings().pixels
    if not width * height:
        raise PictureError(f"The picture is {width} x {height} px; give one that has pixels")
    if width * height > pixels.size:
        raise PictureError(
            f"The picture is {width} x {height} px ({width * height / 1e6:.0f} MP); the limit is "
            f"{pixels.size / 1e6:.0f} MP ({pixels.setting}). Resize it or raise the limit."
        )


def _kind(given: object) -> str:
    return f"A value of type {type(given).__name__}"

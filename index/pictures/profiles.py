"""Colours as their profile means them, in sRGB, in which encoders and screens take them."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

_LONGEST = 4 << 20  # bytes of a profile; scanners' have one
_SAME = 3  # of 255: profiles that move no colour further are sRGB, whoever made them
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def transform_of(image: Image.Image) -> ImageCmsTransform | None:
    """Return what brings a picture's colours to sRGB.

    Returns:
        from RGB, L or CMYK to RGB; None where the picture has no profile, one that is sRGB, or one
        that cannot be used: broken, or of another kind of colours.
    """
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not 0 < len(profile) <= _LONGEST:
        return None
    return _transform(profile, _mode(image))


def _mode(image: Image.Image) -> str:
    """Return the mode of the picture when its colours are changed: RGB, L or CMYK."""
    if image.mode == "CMYK":
        return "CMYK"
    grey = image.mode in ("1", "L", "LA", "F") or image.mode.startswith("I")
    return "L" if grey else "RGB"


@lru_cache(16)
def _transform(profile: bytes, mode: str) -> ImageCmsTransform | None:
    from PIL import ImageCms

    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if _MODES.get(opened.profile.xcolor_space) != mode:
            return None
        made = ImageCms.buildTransform(
            opened,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return None if mode != "CMYK" and _changes_nothing(made, mode) else made
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None  # a broken profile says nothing about a picture that is whole


def _changes_nothing(transform: ImageCmsTransform, mode: str) -> bool:
    steps = np.arange(0, 256, 15 if mode == "RGB" else 1).astype(np.uint8)
    if mode == "RGB":
        colours = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
        before = colours.reshape(len(steps), -1, 3)
    else:
        before = steps[None]
    after = np.asarray(applied(Image.fromarray(before), transform)).astype(np.int16)
    wanted = before if mode == "RGB" else np.repeat(before[:, :, None], 3, axis=2)
    return int(np.abs(after - wanted).max()) <= _SAME


def applied(picture: Image.Image, transform: ImageCmsTransform) -> Image.Image:
    """Return a picture of the transform's mode in sRGB."""
    from PIL import ImageCms

    made = ImageCms.applyTransform(picture, transform)
    assert made is not None  # it works in place only where it is asked to
    return made


def in_srgb(picture: Image.Image, transform: ImageCmsTransform | None) -> Image.Image:
    """Return an RGB picture in sRGB; what came from grey values has them in every band."""
    if transform is None:
        return picture
    grey = getattr(transform, "input_mode", "RGB") == "L"
    return applied(picture.getchannel(0) if grey else picture, transform)

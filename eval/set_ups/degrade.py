"""A poorer imaging set-up, simulated: few pixels, blur, a colour cast, noise, hard compression.

With one set of numbers it makes a second set-up to measure on (METHODS 3.8). With numbers drawn
anew for every picture it makes copies that a gallery can take in for a set-up that is only roughly
known: nothing in them is fitted to the pictures that ask.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

_QUALITIES = (25, 80)
_SIDES = (56, 160)
_BLURS = (0.0, 1.4)
_GAINS = (0.75, 1.25)
_NOISES = (0.0, 14.0)


@dataclass(frozen=True)
class Degradation:
    """What a poor set-up does to a picture, in this order.

    Attributes:
        side: px of the long side; smaller pictures are not enlarged.
        blur: radius (standard deviation) of a Gaussian blur, px of the small picture.
        cast: factors of red, green and blue.
        noise: standard deviation of Gaussian noise in every channel, of 255 levels.
        quality: of the JPEG, 1 to 95.
    """

    side: int = 72
    blur: float = 0.8
    cast: tuple[float, float, float] = (1.15, 1.0, 0.8)
    noise: float = 8.0
    quality: int = 35


def random_degradation(rng: np.random.Generator) -> Degradation:
    """Draw a set-up: wide ranges for every number, and a cast towards any colour.

    Long sides of 56 to 160 px, blur to 1.4 px, factors of .75 to 1.25, noise to 14 levels,
    qualities of 25 to 80. Sides are drawn on a logarithmic scale.
    """
    low, high = np.log(_SIDES)
    red, green, blue = rng.uniform(*_GAINS, 3).tolist()
    return Degradation(
        side=round(float(np.exp(rng.uniform(low, high)))),
        blur=float(rng.uniform(*_BLURS)),
        cast=(red, green, blue),
        noise=float(rng.uniform(*_NOISES)),
        quality=int(rng.integers(*_QUALITIES, endpoint=True)),
    )


def degrade(picture: Image.Image, how: Degradation, rng: np.random.Generator) -> bytes:
    """Return a picture as a poor set-up would have taken it, as the bytes of a JPEG.

    Args:
        picture: upright RGB.
        how: the set-up.
        rng: draws the noise.
    """
    scale = min(1.0, how.side / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture.resize(size, Image.Resampling.BOX)
    values = np.asarray(small.filter(ImageFilter.GaussianBlur(how.blur)), np.float64)
    values = values * np.array(how.cast) + rng.normal(0, how.noise, values.shape)
    poor = Image.fromarray(np.rint(values.clip(0, 255)).astype(np.uint8))
    buffer = io.BytesIO()
    poor.save(buffer, "JPEG", quality=how.quality)
    return buffer.getvalue()


def picture_rng(sha256: str, *seeds: int) -> np.random.Generator:
    """Return the random numbers of one picture: the same whatever else is degraded with it."""
    return np.random.default_rng([*seeds, int(sha256[:16], 16)])

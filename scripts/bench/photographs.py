"""Photographs of invented shells, as large and as noisy as a camera's."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from holotype.index.encoders import Pixels
from holotype.index.pictures.reading import pad_to_square, read_picture

from ..synthetic import write_collection

_DRAWN = 768  # edge of the drawn shells; larger photographs are scaled up
_QUALITY = 90


def draw_shells(count: int) -> list[Pixels]:
    """Return drawings of shells of several species, uint8 [768, 768, 3]."""
    with tempfile.TemporaryDirectory() as scratch:
        species = 4
        folder = Path(scratch, "shells")
        write_collection(folder, species=species, images=-(-count // species), size=_DRAWN)
        files = sorted(folder.glob("images/**/*.jpg"))[:count]
        return [pad_to_square(read_picture(file.read_bytes())) for file in files]


def photograph(shell: Pixels, width: int, height: int, *, noise: float, seed: int) -> bytes:
    """Return a JPEG of a shell on its ground.

    Args:
        noise: standard deviation of every pixel's brightness, of 255. It decides the file's size.
        seed: of the noise; another one makes another photograph.
    """
    drawn = Image.fromarray(shell).resize((height, height), Image.Resampling.BICUBIC)
    ground = Image.new("RGB", (width, height), tuple(shell[0].mean(axis=0).astype(int).tolist()))
    ground.paste(drawn, ((width - height) // 2, 0))
    rng = np.random.default_rng(seed)
    grain = noise * rng.standard_normal((height, width, 1), np.float32)
    pixels = (np.asarray(ground, np.float32) + grain).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()

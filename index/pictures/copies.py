"""Whether one picture is a copy of another, cropped or not, told from small grey thumbnails.

Hashes and embeddings propose such pairs and cannot decide: a crop by a few per cent changes a hash
more than another moth of the species does. Here one thumbnail is laid over windows of the other
that leave out up to a tenth at every edge. A copy both correlates with some window and differs
little from it: two silhouettes, or two animals before one background, correlate as well.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..arrays import Embeddings, Flags

SIDE = 64
MIN_CORRELATION = 0.97
# Root mean square difference that a copy may have: the larger of so many of 255 grey levels, and
# this share of the picture's own standard deviation.
MAX_DIFFERENCE = 8.0
MAX_SHARE = 0.12

Thumbnails = NDArray[np.uint8]

_COARSE = (12, (0.0, 0.05, 0.1))  # side that is compared, shares that an edge may lose
_FINE = (24, (0.0, 0.025, 0.05, 0.075, 0.1))
_WORTH_REFINING = 0.95
_BLOCK = 32  # pairs at once: 45 MiB of windows


def grey_thumbnail(image: Image.Image) -> Thumbnails:
    """Return a picture as 64 x 64 grey values, stretched to the square, uint8."""
    small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.uint8)


def are_copies(left: Thumbnails, right: Thumbnails) -> Flags:
    """Return whether one picture of each pair is the other, re-encoded, resized or cropped.

    Crops by up to 10 % at every edge are looked for. A copy that was made lighter or darker by
    more than 8 levels is not recognised, nor is a flat grey.

    Args:
        left: uint8 [m, 64, 64], one of each pair.
        right: uint8 [m, 64, 64], the other.

    Returns:
        bool [m].
    """
    copies = np.zeros(len(left), np.bool_)
    for start in range(0, len(left), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(left)))
        for whole, part in ((left, right), (right, left)):
            rows = rows[~copies[rows]]
            correlation, _ = _compare(whole[rows], part[rows], *_COARSE)
            close = rows[correlation.max(axis=1) >= _WORTH_REFINING]
            copies[close] = _fits(whole[close], part[close])
    return copies


def _fits(whole: Thumbnails, part: Thumbnails) -> Flags:
    correlation, difference = _compare(whole, part, *_FINE)
    allowed = np.maximum(MAX_DIFFERENCE, MAX_SHARE * part.std(axis=(1, 2)))
    found = (correlation >= MIN_CORRELATION) & (difference <= allowed[:, None])
    fits: Flags = found.any(axis=1)
    return fits


def _compare(
    whole: Thumbnails, part: Thumbnails, side: int, cuts: tuple[float, ...]
) -> tuple[Embeddings, Embeddings]:
    """Compare the parts with all windows of the wholes.

    Every window is a matrix that shrinks one axis, so two products give all windows of all pairs.

    Returns:
        correlation and root mean square difference, float32 [m, windows].
    """
    level = part.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    shrink = _windows(side, cuts)
    n, m = len(shrink), len(whole)
    flat = shrink.reshape(n * side, SIDE)
    down = flat @ (whole - level).transpose(1, 0, 2).reshape(SIDE, m * SIDE)
    windows = (down.reshape(n * side * m, SIDE) @ flat.T).reshape(n, side, m, n, side)
    full = flat[:side]  # the first window is the whole side
    wanted = full @ (part - level) @ full.T
    size = side**2
    product = np.einsum("viwhj,wij->wvh", windows, wanted) / size
    square = np.einsum("viwhj,viwhj->wvh", windows, windows) / size
    mean = windows.mean(axis=(1, 4)).transpose(1, 0, 2)
    own = (wanted**2).mean(axis=(1, 2))[:, None, None]
    spread = np.sqrt(np.maximum((square - mean**2) * own, 1e-3))
    difference = np.sqrt(np.maximum(square + own - 2 * product, 0))
    return (product / spread).reshape(m, n * n), difference.reshape(m, n * n)


@cache
def _windows(side: int, cuts: tuple[float, ...]) -> Embeddings:
    """Return, for each pair of cuts, the matrix [side, 64] of area means, float32."""
    pixel = np.arange(SIDE)
    matrices = []
    for first in cuts:
        for last in cuts:
            edges = np.linspace(first * SIDE, (1 - last) * SIDE, side + 1)
            low, high = edges[:-1, None], edges[1:, None]
            overlap = np.minimum(high, pixel + 1) - np.maximum(low, pixel)
            matrices.append(overlap.clip(0) / (high - low))
    return np.array(matrices, np.float32)

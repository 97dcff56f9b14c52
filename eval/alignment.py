"""Whether one picture is a cropped copy of another, told from small grey thumbnails.

Hashes and embeddings propose such pairs and cannot decide: a crop by a few per cent changes a hash
more than another moth of the species does. Here one thumbnail is laid over windows of the other
that leave out up to a tenth at every edge, and the best correlation counts.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .arrays import Embeddings, Floats

SIDE = 64
MIN_CORRELATION = 0.985
"""Copies that were re-encoded, resized or cropped by up to 8 % a side reach it; of other pictures
of the same species one in some hundreds does."""

Thumbnails = NDArray[np.uint8]

_COARSE = (12, (0.0, 0.05, 0.1))  # side that is compared, shares that an edge may lose
_FINE = (24, (0.0, 0.025, 0.05, 0.075, 0.1))
_WORTH_REFINING = 0.955
_BLOCK = 32  # pairs at once: 45 MiB of windows


def grey_thumbnail(image: Image.Image) -> Thumbnails:
    """Return a picture as 64 x 64 grey values, stretched to the square, uint8."""
    small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.uint8)


def aligned_correlation(left: Thumbnails, right: Thumbnails) -> Floats:
    """Return the best correlation of one thumbnail with a window of the other, either way.

    Args:
        left: uint8 [m, 64, 64], one of each pair.
        right: uint8 [m, 64, 64], the other.

    Returns:
        float64 [m], in [-1, 1]; 0 where one is a flat grey. Pairs that a coarse comparison puts
        below 0.955 keep its figure, which is a little too low.
    """
    best = _either_way(left, right, *_COARSE)
    close = np.flatnonzero(best >= _WORTH_REFINING)
    best[close] = np.maximum(best[close], _either_way(left[close], right[close], *_FINE))
    return best


def _either_way(left: Thumbnails, right: Thumbnails, side: int, cuts: tuple[float, ...]) -> Floats:
    best = np.empty(len(left))
    for start in range(0, len(left), _BLOCK):
        block = slice(start, start + _BLOCK)
        one, other = left[block].astype(np.float32), right[block].astype(np.float32)
        best[block] = np.maximum(
            _best_window(one, other, side, cuts), _best_window(other, one, side, cuts)
        )
    return best


def _best_window(
    whole: Embeddings, part: Embeddings, side: int, cuts: tuple[float, ...]
) -> Embeddings:
    """Return the best correlation of the parts with windows of the wholes, float32 [m].

    Every window is a matrix that shrinks one axis, so two products give all windows of all pairs.
    """
    shrink = _windows(side, cuts)
    n, m = len(shrink), len(whole)
    flat = shrink.reshape(n * side, SIDE)
    down = flat @ whole.transpose(1, 0, 2).reshape(SIDE, m * SIDE)
    windows = (down.reshape(n * side * m, SIDE) @ flat.T).reshape(n, side, m, n, side)
    full = flat[:side]  # the first window loses nothing
    wanted = full @ part @ full.T
    wanted -= wanted.mean(axis=(1, 2), keepdims=True)
    wanted /= np.sqrt((wanted**2).sum(axis=(1, 2), keepdims=True)) + 1e-6
    products = np.einsum("viwhj,wij->vwh", windows, wanted)
    mean = windows.mean(axis=(1, 4))
    spread = np.einsum("viwhj,viwhj->vwh", windows, windows) - side**2 * mean**2
    correlation: Embeddings = products / np.sqrt(np.maximum(spread, 1))
    return correlation.max(axis=(0, 2))


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

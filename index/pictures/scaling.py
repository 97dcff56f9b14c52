"""Scaling pictures smoothly: the same pixels, to the bit, as PyTorch's antialiased `interpolate`.

Vectors are comparable where their pictures were scaled in one way. PyTorch rounds weights to 16
bits and sums whole numbers, which any order of sums reproduces: NumPy does so where PyTorch is not
imported, which takes seconds. Where it is, it scales ten times faster, and in one call.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from math import ceil
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats, Ids, Pixels

METHODS = ("bicubic", "bilinear", "lanczos")

_REACH = {"bicubic": 2, "bilinear": 1, "lanczos": 3}  # of a filter to each side, in pixels
_LARGEST = 1 << 15  # over any weight
_MOST_BITS = 22
_EXACT = 1 << 24  # float32 holds every whole number up to here
_TOGETHER = 16  # rows that are made at once, of nearly the same ones


class _Block(NamedTuple):
    """Which rows are made of which: weights of the kind of numbers that holds their sums."""

    made: slice
    used: slice
    weights: NDArray[Any]


class _Plan(NamedTuple):
    """How one side is scaled: sum of weight x (pixel - 128) + `offset`, rounded down.

    Weights are whole numbers times a power of a half, so sums are as exact as of whole numbers.
    """

    blocks: list[_Block]
    offset: NDArray[Any]


def scaled(square: Pixels, size: int, method: str) -> Pixels:
    """Scale a square picture.

    Args:
        square: uint8 [n, n, 3].
        size: the side that it gets, in pixels.
        method: one of `METHODS`.

    Returns:
        uint8 [size, size, 3].
    """
    if len(square) == size:
        return square
    torch = imported_torch()
    if torch is not None and _agrees(method):
        return _by_torch(torch, square, size, method)
    return by_numpy(square, size, method)


def imported_torch() -> ModuleType | None:
    """Return PyTorch, where something else has imported it."""
    torch = sys.modules.get("torch")
    is_ready = torch is not None and not getattr(torch.__spec__, "_initializing", True)
    return torch if is_ready else None


@lru_cache(len(METHODS))
def _agrees(method: str) -> bool:
    """Return whether this PyTorch scales to the bit as NumPy does here; another might not."""
    torch = imported_torch()
    pixels = np.random.default_rng(0).integers(0, 256, (61, 61, 3), np.uint8)
    try:
        return torch is not None and all(
            np.array_equal(_by_torch(torch, pixels, side, method), by_numpy(pixels, side, method))
            for side in (24, 80)
        )
    except (NotImplementedError, RuntimeError, ValueError):  # an older one has no lanczos
        return False


def _by_torch(torch: ModuleType, square: Pixels, size: int, method: str) -> Pixels:
    pixels = torch.from_numpy(np.ascontiguousarray(square)).permute(2, 0, 1)[None]
    made = torch.nn.functional.interpolate(pixels, (size, size), mode=method, antialias=True)
    return np.ascontiguousarray(made[0].permute(1, 2, 0).numpy())


def by_numpy(square: Pixels, size: int, method: str) -> Pixels:
    """Scale as `scaled` does, without PyTorch."""
    plan = _plan(len(square), size, method)
    return _rows(_transposed(_rows(_transposed(square), plan)), plan)


def _transposed(pixels: Pixels) -> Pixels:
    """Return [m, n, 3] of [n, m, 3]: pixel by pixel, which is faster than byte by byte."""
    whole = np.ascontiguousarray(pixels).view("V3")[..., 0]
    return whole.T.copy()[..., None].view(np.uint8)


def _rows(pixels: Pixels, plan: _Plan) -> Pixels:
    """Scale the first axis: uint8 [n, m, 3], which is used up, becomes uint8 [size, m, 3]."""
    pixels ^= 128
    signed = pixels.view(np.int8)  # pixel - 128: half as large
    made = np.empty((len(plan.offset), pixels.shape[1] * 3), plan.offset.dtype)
    for block in plan.blocks:
        used = signed[block.used].astype(made.dtype)
        np.matmul(block.weights, used.reshape(len(used), -1), out=made[block.made])
    made += plan.offset
    np.clip(made, 0, 255, out=made)
    return made.astype(np.uint8).reshape(-1, *pixels.shape[1:])  # which rounds down


@lru_cache(256)
def _plan(before: int, size: int, method: str) -> _Plan:
    first, weights = _weights(before, size, method)
    bits = 0
    while bits < _MOST_BITS and int(weights.max() * (2 << bits) + 0.5) < _LARGEST:
        bits += 1
    whole = np.trunc(weights * (1 << bits) + np.copysign(0.5, weights))
    kind = np.float32 if 128 * np.abs(whole).sum(axis=1).max() < _EXACT else np.float64
    offset = 128 * whole.sum(axis=1, keepdims=True) + (1 << bits) / 2
    unit = 0.5**bits
    blocks = [_block(first, unit * whole, start, kind) for start in range(0, size, _TOGETHER)]
    return _Plan(blocks, (unit * offset).astype(kind))


def _block(first: Ids, every: Floats, start: int, kind: type) -> _Block:
    """Return the block of the rows from `start` on."""
    made = slice(start, min(start + _TOGETHER, len(first)))
    shift = first[made] - first[start]
    weights = np.zeros((len(shift), shift[-1] + every.shape[1]), kind)
    for row, place in enumerate(shift):
        weights[row, place : place + every.shape[1]] = every[start + row]
    return _Block(made, slice(first[start], first[start] + weights.shape[1]), weights)


def _weights(before: int, size: int, method: str) -> tuple[Ids, Floats]:
    """Return how much each pixel counts for what is made.

    Returns:
        int64 [size], the first pixel that counts; float64 [size, k], the weights of the k from
        there on.
    """
    scale = before / size
    reach = _REACH[method] * max(scale, 1.0)
    centre = scale * (np.arange(size) + 0.5)
    first = np.maximum((centre - reach + 0.5).astype(np.int64), 0)
    end = np.minimum((centre + reach + 0.5).astype(np.int64), before)
    counted = min(int((end - first).max()), ceil(reach) * 2 + 1)
    start = np.minimum(first, before - counted)  # the last rows use no pixel beyond the end
    place = start[:, None] + np.arange(counted)
    weights = _filtered((place - centre[:, None] + 0.5) / max(scale, 1.0), method)
    weights[(place < first[:, None]) | (place >= end[:, None])] = 0
    return start, weights / weights.cumsum(axis=1)[:, -1:]


def _filtered(distance: Floats, method: str) -> Floats:
    """Return the filter of a method at distances in pixels, those of what is made or of what was.

    Bicubic is Keys's with a = -0.5, lanczos of three lobes.
    """
    x = np.abs(distance)
    if method == "bilinear":
        return (1 - x).clip(0)
    if method == "lanczos":
        return np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0)
    near = (1.5 * x - 2.5) * x * x + 1
    far = -0.5 * (((x - 5) * x + 8) * x - 4)
    return np.where(x < 1, near, np.where(x < 2, far, 0))

"""From a surface sampled on grids to its visible pixels: a z-buffer of points, shaded later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .surface import Floats, Indices, Surface, unit

_DEPTH_STEPS = 64.0
"""Depth steps a pixel in the z-buffer."""


@dataclass(frozen=True)
class Patch:
    """A piece of a surface, sampled about once a pixel."""

    screen: Floats
    """float32 [3, t + 1, a + 1], pixels: x right, y down, z towards the camera."""
    along: Floats
    """float32 [t + 1]."""
    around: Floats
    """float32 [a + 1]."""
    inside: bool
    """Whether its back can be seen, as the inside of an aperture can."""


def render_patches(patches: list[Patch], view: Floats, size: int) -> Surface:
    """Return the nearest point of any patch at every pixel of a view of `size` pixels."""
    starts = np.cumsum([0] + [patch.screen[0].size for patch in patches])
    keys = np.full(size * size, -1, np.int64)
    for patch, start in zip(patches, starts, strict=False):
        _splat(patch, int(start), keys, size)
    keys = _close_holes(keys.reshape(size, size)).ravel()
    pixels = np.flatnonzero(keys >= 0)
    return _gather(patches, starts, pixels, keys[pixels] & 0xFFFFFFFF, view, size)


def _splat(patch: Patch, start: int, keys: Indices, size: int) -> None:
    """Write the patch's points into the z-buffer; a key holds depth (high) and point (low)."""
    rows, columns = patch.screen.shape[1] - 1, patch.screen.shape[2] - 1
    if patch.inside:
        point = np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)
        point = point.ravel()
    else:
        cell = np.flatnonzero(_facing(patch) > 0)
        point = cell + cell // columns
    x, y, z = np.take(patch.screen.reshape(3, -1), point, axis=1)
    limit = np.float32(size - 1)
    pixel = np.clip(y, 0, limit).astype(np.int32) * size + np.clip(x, 0, limit).astype(np.int32)
    depth = ((z + 2 * size) * _DEPTH_STEPS).astype(np.int64)
    np.maximum.at(keys, pixel, depth << 32 | (point + start))


def _facing(patch: Patch) -> Floats:
    """Return the z of the cells' normals, positive where the outside faces the camera."""
    x, y = patch.screen[:2]
    ahead_x, aside_x = x[1:, :-1] - x[:-1, :-1], x[:-1, 1:] - x[:-1, :-1]
    ahead_y, aside_y = y[1:, :-1] - y[:-1, :-1], y[:-1, 1:] - y[:-1, :-1]
    facing: Floats = ahead_x * aside_y - ahead_y * aside_x
    return facing


def _close_holes(keys: Indices) -> Indices:
    """Fill holes of up to two pixels with their nearest neighbour: a grey closing, 3 x 3."""
    return -_spread(-_spread(keys))


def _spread(keys: Indices) -> Indices:
    """Return the largest key of each 3 x 3 neighbourhood."""
    for _ in range(2):
        wide = keys.copy()
        np.maximum(wide[1:], keys[:-1], out=wide[1:])
        np.maximum(wide[:-1], keys[1:], out=wide[:-1])
        keys = wide.T
    return np.ascontiguousarray(keys)


def _gather(
    patches: list[Patch], starts: Indices, pixels: Indices, points: Indices, view: Floats, size: int
) -> Surface:
    """Collect depth, normal and coordinates of the points that won."""
    owners = np.searchsorted(starts, points, side="right") - 1
    depth, along, around = np.empty((3, len(points)), np.float32)
    normal = np.empty((3, len(points)), np.float32)
    for owner, patch in enumerate(patches):
        mine = np.flatnonzero(owners == owner)
        at = points[mine] - starts[owner]
        stride = len(patch.around)
        screen = patch.screen.reshape(3, -1)
        here = np.take(screen, at, axis=1)
        depth[mine] = here[2]
        along[mine], around[mine] = patch.along[at // stride], patch.around[at % stride]
        ahead, aside = (np.take(screen, at + step, axis=1) - here for step in (stride, 1))
        normal[:, mine] = _cross(ahead, aside)
    normal = unit(normal)
    behind = normal[2] < 0
    normal[:, behind] *= -1
    depth *= np.float32(2 / size)
    crease = np.zeros(len(pixels), np.float32)
    rim = -2 * np.pi * along
    cavity = behind * (1 - np.exp(np.minimum(0.2 - 4 * rim, 0)))
    return Surface(size, view, pixels, depth, normal, along, around, cavity, crease, rim)


def steps(first: float, last: float, count: int) -> Floats:
    """Return count + 1 evenly spaced values, both ends included."""
    return np.linspace(first, last, count + 1, dtype=np.float32)


def _cross(a: Floats, b: Floats) -> Floats:
    return np.stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )

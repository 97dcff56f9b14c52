"""The visible pixels of a shell of chambers: ellipsoids met by parallel rays, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .chambers import Chambers, Doubles, Skeleton, grow
from .surface import Floats, Surface, turn, unit

_FAR = np.float32(-9)
_CREASE = 0.035
"""Width of a suture in view units of depth."""


@dataclass(frozen=True)
class _Buffer:
    """What the rays have met so far, [size, size]."""

    depth: Floats
    second: Floats
    owner: Floats


def render_chambers(shell: Chambers, view: Floats, size: int, fill: float) -> Surface:
    """Look at a chambered shell.

    Args:
        view: float32 [3, 3], from the resting shell's axes to x right, y up, z near.
        size: edge of the picture in pixels.
        fill: share of the edge that the shell's longer side takes, 0..1.
    """
    skeleton = grow(shell)
    stretch = view.astype(np.float64) * np.array([1.0, 1.0, shell.flatness])
    placed = _fit(skeleton, stretch, fill)
    inverse = np.linalg.inv(stretch)
    blank = np.full((size, size), _FAR, np.float32)
    buffer = _Buffer(blank, blank.copy(), np.zeros((size, size), np.float32))
    for number in range(len(placed.radii)):
        _meet(buffer, placed, number, stretch, inverse)
    return _surface(shell, placed, buffer, view, inverse)


def _fit(shell: Skeleton, stretch: Doubles, fill: float) -> Skeleton:
    """Return the skeleton in camera axes, centred, its radii those of the unstretched spheres."""
    centres = np.einsum("ij,nj->ni", stretch, shell.centres)
    reach = shell.radii[:, None] * np.sqrt((stretch**2).sum(axis=1))
    low, high = (centres - reach).min(axis=0), (centres + reach).max(axis=0)
    scale = 2 * fill / float((high - low)[:2].max())
    middle = (low + high) / 2
    mouth = (np.einsum("ij,j->i", stretch, shell.mouth) - middle) * scale
    return Skeleton((centres - middle) * scale, shell.radii * scale, mouth)


def _meet(
    buffer: _Buffer, shell: Skeleton, number: int, stretch: Doubles, inverse: Doubles
) -> None:
    """Write one chamber into the buffer where it is nearest, or second nearest."""
    size = len(buffer.depth)
    (x, y, z), radius = shell.centres[number].tolist(), float(shell.radii[number])
    wide, high, _ = (radius * np.sqrt((stretch**2).sum(axis=1))).tolist()
    columns, rows = _span(x - wide, x + wide, size), _span(-y - high, -y + high, size)
    right = (np.arange(size, dtype=np.float32)[columns] + 0.5) * (2 / size) - 1 - x
    up = 1 - (np.arange(size, dtype=np.float32)[rows, None] + 0.5) * (2 / size) - y
    # |inverse @ (right, up, s)| = radius is a quadratic in s; the larger root is the near side.
    form = np.einsum("ki,kj->ij", inverse, inverse).tolist()
    half = form[0][2] * right + form[1][2] * up
    rest = form[0][0] * right**2 + 2 * form[0][1] * right * up + form[1][1] * up**2 - radius**2
    root = half**2 - form[2][2] * rest
    depth = np.where(root > 0, z + (np.sqrt(np.maximum(root, 0)) - half) / form[2][2], _FAR)
    best, second = buffer.depth[rows, columns], buffer.second[rows, columns]
    np.maximum(second, np.minimum(best, depth), out=second)
    buffer.owner[rows, columns][depth > best] = number
    np.maximum(best, depth, out=best)


def _span(low: float, high: float, size: int) -> slice:
    """Return the pixels between two view coordinates."""
    return slice(max(int((low + 1) * size / 2), 0), min(int((high + 1) * size / 2) + 2, size))


def _surface(
    shell: Chambers, placed: Skeleton, buffer: _Buffer, view: Floats, inverse: Doubles
) -> Surface:
    """Collect the pixels that met a chamber, with their normals and the aperture's place."""
    size = len(buffer.depth)
    pixels = np.flatnonzero(buffer.depth > _FAR)
    depth = buffer.depth.ravel()[pixels]
    owner = buffer.owner.ravel()[pixels].astype(np.int64)
    x = (pixels % size + 0.5) * (2 / size) - 1
    y = 1 - (pixels // size + 0.5) * (2 / size)
    points = np.stack([x, y, depth]).astype(np.float32)
    offset = points - placed.centres.astype(np.float32)[owner].T
    stretched = inverse.astype(np.float32)
    normal = unit(turn(turn(offset, stretched), stretched.T))
    normal[1] *= -1
    right, up, near = points - placed.mouth.astype(np.float32)[:, None]
    gap = np.sqrt(right * right + up * up + near * near)
    edge = gap / np.float32(shell.mouth * placed.radii[-1])
    body = turn(points, view.T)
    return Surface(
        size=size,
        view=view,
        pixels=pixels,
        depth=depth,
        normal=normal,
        along=(owner - shell.count + 1).astype(np.float32),
        around=np.arctan2(body[2], body[1]),
        cavity=np.clip((1 - edge) * 3, 0, 1),
        crease=np.exp((buffer.second.ravel()[pixels] - depth) / np.float32(_CREASE)),
        rim=np.maximum(edge - 1, 0),
    )

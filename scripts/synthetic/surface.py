"""What the camera sees of a shell before any light falls on it: one entry a visible pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Surface:
    """The visible pixels of one shell in a square view.

    Screen axes are x to the right, y down, z towards the camera; the view is 2 units wide.
    """

    size: int
    """Edge of the view in pixels."""
    view: Floats
    """float32 [3, 3], from the shell's axes to the camera's (x right, y up, z near)."""
    pixels: Indices
    """int64 [m], flat positions in the view, ascending."""
    depth: Floats
    """float32 [m], z in view units."""
    normal: Floats
    """float32 [3, m], unit, z >= 0."""
    along: Floats
    """float32 [m] <= 0, growth: whorls or chambers, 0 at the aperture."""
    around: Floats
    """float32 [m], radians around the whorl, 0 outwards, or around the long axis of the shell."""
    cavity: Floats
    """float32 [m] in 0..1, how far inside the aperture."""
    crease: Floats
    """float32 [m] in 0..1, how near to a suture between chambers."""
    rim: Floats
    """float32 [m] >= 0, distance from the edge of the aperture, in radii of the last whorl or of
    the aperture."""

    def image(self, values: Floats, fill: float = 0.0) -> Floats:
        """Lay values of the pixels out as a picture, float32 [size, size]."""
        flat = np.full(self.size * self.size, fill, np.float32)
        flat[self.pixels] = values
        return flat.reshape(self.size, self.size)

    @property
    def body(self) -> Floats:
        """float32 [3, m], position on the shell itself, turning with it, in view units."""
        x = (self.pixels % self.size) * np.float32(2 / self.size) - 1
        y = 1 - (self.pixels // self.size) * np.float32(2 / self.size)
        return turn(np.stack([x, y, self.depth]).astype(np.float32), self.view.T)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """bool [size, size], True where the shell is."""
        flat = np.zeros(self.size * self.size, np.bool_)
        flat[self.pixels] = True
        return flat.reshape(self.size, self.size)


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """Return the 3 x 3 matrix that turns by yaw (about y), then pitch (x), then roll (z).

    Args:
        yaw, pitch, roll: radians.
    """
    (cy, cp, cr), (sy, sp, sr) = np.cos([yaw, pitch, roll]), np.sin([yaw, pitch, roll])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    # einsum of three small matrices uses no BLAS, whose threads would fight over the cores.
    turned = np.einsum("ij,jk,kl->il", about_z, about_x, about_y)
    single: Floats = turned.astype(np.float32)
    return single


def unit(vectors: Floats) -> Floats:
    """Return vectors [3, ...] at length 1."""
    x, y, z = vectors
    lengths: Floats = np.sqrt(x * x + y * y + z * z) + np.float32(1e-9)
    return vectors / lengths


def turn(points: Floats, view: Floats) -> Floats:
    """Apply a 3 x 3 matrix to points, float32 [3, ...]."""
    x, y, z = points
    return np.stack([row[0] * x + row[1] * y + row[2] * z for row in view])

"""Light on a surface: a key lamp with soft shadow, a sky, dark crevices, a highlight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from .surface import Floats, Surface, unit

_SHADOW = 0.6
"""0..1, how dark the lamp's shadow is."""
_LIP = 0.15
"""Width of the lip, in radii."""
_HALF = 2
"""Shadows and crevices are found on a picture this many times smaller."""


@dataclass(frozen=True)
class Lamp:
    """Where the light comes from; strengths are linear."""

    direction: tuple[float, float, float]
    """Unit vector towards the lamp: x right, y down, z near."""
    key: float
    sky: float


@dataclass(frozen=True)
class Lit:
    """A lit shell before it is laid on a ground, all float32 [size, size]."""

    colour: Floats
    """Linear RGB, [3, size, size], 0 off the shell."""
    cover: Floats
    """0 or 1, where the shell is."""
    depth: Floats
    """View units; the ground's depth off the shell."""
    shade: Floats
    """0..1, how much light reaches the ground (and the shell)."""


def light(
    surface: Surface, height: Floats, colour: Floats, lamp: Lamp, gloss: float, glass: float
) -> Lit:
    """Light a surface.

    Args:
        height: float32 [m], fine relief in view units.
        colour: float32 [3, m], linear RGB.
        gloss: strength of the highlight, 0..1.
        glass: how far light wraps around and passes through, 0..1.
    """
    ground = float(surface.depth.min())
    depth = surface.image(surface.depth, ground)
    normal = _bump(surface, height)
    shade = _shadow(surface.image(_closed(surface), ground), lamp)
    lamplight, sky = shade.ravel()[surface.pixels], _openness(depth).ravel()[surface.pixels]
    lit = colour * (
        lamp.key * lamplight * _diffuse(normal, lamp, glass)
        + lamp.sky * sky * (0.62 - 0.3 * normal[1] + 0.08 * normal[0])
        + np.float32(0.1 + 0.25 * glass) * (1 - normal[2]) ** 3
    )
    lit += gloss * lamplight * sky * _highlight(normal, lamp)
    lit *= 1 - np.float32(0.97) * surface.cavity
    picture = np.stack([surface.image(channel) for channel in lit])
    return Lit(picture, surface.mask.astype(np.float32), depth, shade)


def _diffuse(normal: Floats, lamp: Lamp, glass: float) -> Floats:
    """Return the share of the lamp's light that a matt surface sends on; glass wraps it around."""
    x, y, z = lamp.direction
    wrap = np.float32(0.08 + 0.25 * glass)
    facing = normal[0] * x + normal[1] * y + normal[2] * z
    diffuse: Floats = np.maximum((facing + wrap) / (1 + wrap), 0)
    return diffuse


def _highlight(normal: Floats, lamp: Lamp) -> Floats:
    """Return the reflection of the lamp, a sharp and a soft one."""
    x, y, z = unit(np.array(lamp.direction, np.float32) + np.array([0, 0, 1], np.float32))
    mirror = np.maximum(normal[0] * x + normal[1] * y + normal[2] * z, 0)
    reflection: Floats = 0.5 * mirror ** np.float32(45) + 0.18 * mirror ** np.float32(9)
    return reflection


def _closed(surface: Surface) -> Floats:
    """Return the depths with a lid on the aperture: its thin wall would let light through."""
    lip = surface.depth[surface.rim < _LIP]
    lid = float(lip.mean()) if len(lip) else -np.inf
    return np.where(surface.cavity > 0, np.maximum(surface.depth, lid), surface.depth)


def _bump(surface: Surface, height: Floats) -> Floats:
    """Tilt the normals by the slope of the fine relief, found between neighbouring pixels."""
    picture = surface.image(height)
    slope = np.empty((2, *picture.shape), np.float32)
    slope[0], slope[1] = np.gradient(picture, 2 / surface.size)
    down, right = np.clip(slope.reshape(2, -1)[:, surface.pixels], -2.5, 2.5)
    normal = surface.normal.copy()
    normal[0] -= right * normal[2]
    normal[1] -= down * normal[2]
    return unit(normal)


def _openness(depth: Floats) -> Floats:
    """Return 0..1, how much of the sky a pixel sees: less where its surroundings stand higher."""
    small = depth[::_HALF, ::_HALF]
    size = len(small)
    closed = np.zeros_like(small)
    for radius, weight in ((0.008, 5.0), (0.025, 2.8), (0.07, 1.2)):
        around = gaussian_filter(small, radius * size, mode="nearest", truncate=2.5)
        closed += weight * np.clip(around - small, 0, 0.2)
    return _enlarge(np.exp(-1.6 * closed), len(depth))


def _shadow(depth: Floats, lamp: Lamp) -> Floats:
    """Return 0..1, how much of the lamp reaches a pixel, marching towards it over the depths."""
    small = depth[::_HALF, ::_HALF]
    size = len(small)
    x, y, z = lamp.direction
    blocked = np.zeros_like(small)
    flat = np.hypot(x, y) + 1e-6
    for step in np.geomspace(0.015, 0.9, 14):
        right, down = round(x / flat * step * size / 2), round(y / flat * step * size / 2)
        above = _shifted(small, down, right) - small - step * z / flat
        np.maximum(blocked, np.clip(above / (0.02 + 0.25 * step), 0, 1), out=blocked)
    blocked = gaussian_filter(blocked, 0.006 * size, truncate=2)
    return _enlarge(1 - np.float32(_SHADOW) * blocked, len(depth))


def _shifted(picture: Floats, down: int, right: int) -> Floats:
    """Return the picture's value `down` rows and `right` columns further on, low outside it."""
    moved = np.full_like(picture, -9)
    rows, columns = (_overlap(len(picture), shift) for shift in (down, right))
    moved[rows[0], columns[0]] = picture[rows[1], columns[1]]
    return moved


def _overlap(size: int, shift: int) -> tuple[slice, slice]:
    """Return where a shifted axis lands, and where that was before."""
    return slice(max(-shift, 0), size - max(shift, 0)), slice(max(shift, 0), size + min(shift, 0))


def _enlarge(picture: Floats, size: int) -> Floats:
    """Return the picture bilinearly enlarged to size x size."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))

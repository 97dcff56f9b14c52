"""Coiled shells: Raup's four parameters, with the ornament that changes the outline.

Raup, D. M. (1966), Geometric analysis of shell coiling: general problems, Journal of Paleontology
40, 1178-1190. A generating curve turns about an axis and grows: W is the expansion a whorl, D the
distance of the curve from the axis, T the translation along the axis, S the shape of the curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .raster import Patch, render_patches, steps
from .surface import Floats, Surface, turn

_SPACING = 1.2
"""Distance of neighbouring sample points in pixels; holes up to two pixels are closed later."""
_RIB_EDGE = 1.5
"""Sharpness of the ribs; towards 0 they are sines."""
_APEX = 1.5
"""Radius in pixels at which the first whorl begins."""
_LIP = 0.75
"""How far into the aperture the inside is seen, in whorls."""


@dataclass(frozen=True)
class Coil:
    """A coiled shell. The first four are Raup's; lengths are shares of the whorl's radius."""

    expansion: float
    """W, the growth of every length in one whorl, > 1."""
    distance: float
    """D, inner over outer margin of the whorl, 0..1."""
    translation: float
    """T, movement along the axis over movement away from it, >= 0."""
    shape: float
    """S, height of the generating curve along the axis over its width, > 0."""
    keel: float = 0.0
    """Height of a ridge at the periphery."""
    shoulder: float = 0.0
    """Height of an angle on the apical side of the whorl."""
    canal: float = 0.0
    """Length of the drawn-out lower end of the curve."""
    flare: float = 0.0
    """Widening of the last tenth of a whorl."""
    ribs: float = 0.0
    """Number of ribs in a whorl."""
    rib_height: float = 0.0
    rib_lean: float = 0.0
    """How far ribs lean forward at the periphery, in whorls."""
    rib_fork: float = 0.0
    """0..1, how completely ribs divide in two on the outer half."""
    nodes: float = 0.0
    """Height of tubercles where ribs divide."""
    wobble: tuple[float, ...] = ()
    """Growth noise: amplitudes of waves of 1, 2, ... periods a whorl."""


def _curve(coil: Coil, around: Floats) -> tuple[Floats, Floats]:
    """Return the generating curve, outward and along the axis, of mean radius 1."""
    bump = 1 + coil.keel * np.exp(-((around / 0.16) ** 2))
    bump += coil.shoulder * np.exp(-(((around - 0.85) / 0.3) ** 2))
    bump += coil.canal * np.exp(-(((around + 1.75) / 0.5) ** 2))
    return bump * np.cos(around), bump * np.sin(around)


def _relief(coil: Coil, along: Floats, around: Floats) -> Floats:
    """Return the radius of the whorl over that of its generating curve, [t, a]."""
    relief = np.ones((len(along), len(around)), np.float32)
    if coil.rib_height:
        outer = np.cos(around)[None]
        phase = 2 * np.pi * coil.ribs * (along[:, None] - coil.rib_lean * (outer - 1) ** 2 / 4)
        wave = np.exp(_RIB_EDGE * (np.cos(phase) - 1))
        if coil.rib_fork:
            share = coil.rib_fork / (1 + np.exp(-(outer - 0.45) * 12))
            wave += share * np.exp(_RIB_EDGE * (np.cos(phase + np.pi) - 1))
        relief += coil.rib_height * (0.35 + 0.65 * np.clip(outer + 0.6, 0, 1)) * wave
        if coil.nodes:
            relief += coil.nodes * wave**2 * np.exp(-(((np.abs(around) - 1.0) / 0.22) ** 2))[None]
    return relief


def positions(coil: Coil, along: Floats, around: Floats) -> Floats:
    """Return points of the shell, float32 [3, t, a]: the axis is y, the apex is up."""
    width = (1 - coil.distance) / 2
    centre = (1 + coil.distance) / 2
    growth = coil.expansion**along
    for period, amplitude in enumerate(coil.wobble, 1):
        growth = growth * (1 + amplitude * np.sin(2 * np.pi * period * along * 1.13 + period))
    lip = 1 + coil.flare * np.exp(np.minimum(along, 0) / 0.03)
    outward, upward = _curve(coil, around)
    radius = _relief(coil, along, around) * (growth * lip * width)[:, None]
    out = radius * outward[None] + (growth * centre)[:, None]
    angle = 2 * np.pi * along
    points = np.empty((3, len(along), len(around)), np.float32)
    np.multiply(out, np.cos(angle)[:, None], out=points[0])
    np.multiply(radius, coil.shape * upward[None], out=points[1])
    points[1] -= (growth * centre * coil.translation)[:, None]
    np.multiply(out, np.sin(angle)[:, None], out=points[2])
    return points


def _pieces(coil: Coil, scale: float) -> list[tuple[float, float]]:
    """Return half-whorls from the aperture inwards, until the shell is too small to see."""
    whorls = np.log(scale / _APEX) / np.log(coil.expansion)
    return [(end - 0.5, end) for end in np.arange(0, -whorls, -0.5).tolist()]


def _grid(coil: Coil, first: float, last: float, scale: float) -> tuple[Floats, Floats]:
    """Return sample positions along and around a piece, about a pixel apart."""
    reach = scale * coil.expansion**last / _SPACING
    width = (1 - coil.distance) / 2 * (1 + coil.rib_height + coil.canal + coil.flare)
    along = 2 * np.pi * (last - first) * reach * max(1.0, coil.translation * 0.6)
    around = 2 * np.pi * reach * width * max(1.0, coil.shape)
    return steps(first, last, int(along) + 8), steps(-np.pi, np.pi, int(around) + 8)


def render_coil(coil: Coil, view: Floats, size: int, fill: float) -> Surface:
    """Look at a coiled shell.

    Args:
        view: float32 [3, 3], from the shell's axes to x right, y up, z towards the camera.
        size: edge of the picture in pixels.
        fill: share of the edge that the shell's longer side takes, 0..1.
    """
    final = turn(positions(coil, steps(-1.2, 0, 80), steps(-np.pi, np.pi, 24)), view)
    # The apex is the origin; every whorl before the last lies between the two.
    low, high = np.minimum(final.min(axis=(1, 2)), 0), np.maximum(final.max(axis=(1, 2)), 0)
    scale = fill * size / float((high - low)[:2].max())
    middle = (low + high) / 2
    patches = []
    for first, last in _pieces(coil, scale):
        along, around = _grid(coil, first, last, scale)
        screen = turn(positions(coil, along, around), view)
        screen -= middle[:, None, None]
        screen *= np.float32(scale)
        screen[1] *= -1
        screen[:2] += size / 2
        patches.append(Patch(screen, along, around, inside=first > -_LIP))
    return render_patches(patches, view, size)

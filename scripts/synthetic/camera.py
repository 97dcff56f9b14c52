"""A specimen under a camera: pose, lamp, and the lit shell without its ground."""

from __future__ import annotations

import numpy as np

from .coil import Coil, render_coil
from .genus import Genus
from .light import Lamp, Lit, light
from .ornament import coordinates, paint, relief, sample, texture
from .species import Specimen
from .spheres import render_chambers
from .surface import Floats, rotation

OVERSAMPLING = 1.5
"""Pixels to draw for each pixel of the picture, along an edge."""
_TILT = {"Ammonite": 0.2, "Snail": 0.24, "Foraminifer": 0.26}
_SPIN = {"Ammonite": 0.45, "Snail": 0.2, "Foraminifer": 0.3}
"""Standard deviations of the pose in radians."""


def photograph(specimen: Specimen, view: Floats, lamp: Lamp, size: int, fill: float) -> Lit:
    """Light a specimen and look at it.

    Args:
        view: float32 [3, 3], as `pose` returns it.
        size: edge of the square picture in pixels.
        fill: share of the edge that the shell's longer side takes, 0..1.
    """
    shape, ornament = specimen.shape, specimen.ornament
    coiled = isinstance(shape, Coil)
    if isinstance(shape, Coil):
        surface = render_coil(shape, view, size, fill)
    else:
        surface = render_chambers(shape, view, size, fill)
    noise = sample(texture(np.random.default_rng(specimen.grain)), coordinates(surface, coiled))
    height, colour = relief(surface, ornament, noise), paint(surface, ornament, noise)
    return light(surface, height, colour, lamp, ornament.gloss, ornament.glass)


def pose(genus: Genus, rng: np.random.Generator) -> Floats:
    """Return the view of a specimen laid down as its kind is usually shown, not quite evenly."""
    tilt, spin = _TILT[genus.category], _SPIN[genus.category]
    lying = rotation(0, np.pi / 2 if genus.category == "Ammonite" else 0, 0)
    side = rotation(0, np.pi if rng.random() < genus.flips else 0, 0)
    aside = rotation(rng.normal(0, tilt), rng.normal(0, tilt), genus.spin + rng.normal(0, spin))
    view: Floats = np.einsum("ij,jk,kl->il", aside, side, lying)
    return view


def place_lamp(rng: np.random.Generator) -> Lamp:
    """Return light from the upper left, as the convention for plates has it, more or less."""
    bearing, height = rng.normal(0.75 * np.pi, 0.25), rng.normal(0.72, 0.08)
    across = np.cos(height)
    direction = (across * np.cos(bearing), -across * np.sin(bearing), np.sin(height))
    return Lamp(
        direction=(float(direction[0]), float(direction[1]), float(direction[2])),
        key=float(rng.normal(1.12, 0.08)),
        sky=float(rng.normal(0.25, 0.03)),
    )

"""Imaging set-ups: what an instrument makes of a lit shell."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from .light import Lit
from .surface import Floats

Setup = Literal["clean", "poor"]
Picture = NDArray[np.uint8]


def develop(lit: Lit, setup: Setup, rng: np.random.Generator, size: int) -> Picture:
    """Return the picture that a set-up takes, uint8 [size, size, 3]."""
    return _clean(lit, rng, size) if setup == "clean" else _poor(lit, rng, size)


def lay_on(lit: Lit, ground: Floats) -> Floats:
    """Lay a lit shell on a ground, which takes its shadow.

    Args:
        ground: linear RGB, float32, broadcastable to [3, size, size].
    """
    linear: Floats = lit.colour + ground * (lit.shade * (1 - lit.cover))
    return linear


def expose(linear: Floats) -> Floats:
    """Return display values in 0..1 of linear light [3, n, n]: a film curve, then gamma."""
    # One factor for the three channels keeps the hue.
    brightest = np.maximum(linear.max(axis=0), np.float32(1e-6))
    curve = (1 - np.exp(-1.3 * brightest)) / brightest
    display: Floats = np.clip(linear * curve, 0, 1) ** np.float32(1 / 2.2)
    return display


def resize(values: Floats, size: int) -> Floats:
    """Return planes [channels, n, n] at another size, smoothed when they shrink."""
    planes = [Image.fromarray(plane) for plane in values]
    small = [plane.resize((size, size), Image.Resampling.BICUBIC) for plane in planes]
    return np.stack([np.asarray(plane) for plane in small])


def to_bytes(display: Floats) -> Picture:
    """Return display values in 0..1, [3, n, n], as uint8 [n, n, 3]."""
    values = (np.clip(display, 0, 1) * 255 + 0.5).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(values, 0, -1))


def _colour(red: float, green: float, blue: float) -> Floats:
    return np.array([red, green, blue], np.float32)[:, None, None]


def _clean(lit: Lit, rng: np.random.Generator, size: int) -> Picture:
    """A focus stack on a black mount in even light, with little noise."""
    dark = _colour(0.006, 0.0065, 0.008) * np.float32(rng.uniform(0.6, 1.6))
    display = resize(expose(lay_on(lit, dark)), size)
    display += rng.normal(0, 0.006, (size, size)).astype(np.float32)
    return to_bytes(display)


def _poor(lit: Lit, rng: np.random.Generator, size: int) -> Picture:
    """A cheap stereoscope: one plane in focus, lamp on one side, a cast, few pixels, noise."""
    ground = _colour(0.10, 0.10, 0.09) * np.float32(rng.uniform(0.6, 1.5))
    few = max(size * 3 // 8, 16)
    linear = resize(lay_on(lit, ground), few)
    depth = resize(lit.depth[None], few)
    linear = _defocus(linear, depth, rng) * _falloff(few, rng)
    cast = _colour(1.12, 1.0, 0.72) ** np.float32(rng.uniform(0.5, 1.3))
    display = expose(linear * cast * np.float32(rng.uniform(0.75, 1.15)))
    display = 0.07 + 0.86 * display
    display += rng.normal(0, rng.uniform(0.015, 0.035), display.shape).astype(np.float32)
    return to_bytes(resize(np.clip(display, 0, 1).astype(np.float32), size))


def _defocus(linear: Floats, depth: Floats, rng: np.random.Generator) -> Floats:
    """Blur what lies away from the plane of focus, which is near the top of the shell."""
    low, high = float(depth.min()), float(depth.max())
    plane = high - rng.uniform(0.1, 0.5) * (high - low)
    blur = rng.uniform(0.010, 0.018) * linear.shape[-1]
    soft = gaussian_filter(linear, (0, blur * 0.35, blur * 0.35), truncate=2)
    wide = gaussian_filter(linear, (0, blur, blur), truncate=2)
    share = np.clip(np.abs(depth - plane) / (high - low + 1e-6) * 1.6, 0, 1)
    blurred: Floats = (soft + (wide - soft) * share).astype(np.float32)
    return blurred


def _falloff(size: int, rng: np.random.Generator) -> Floats:
    """Return the brightness over the field: vignetting, and a lamp nearer to one side."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    x, y = axis[None], axis[:, None]
    vignette = 1 - rng.uniform(0.4, 0.8) * (x**2 + y**2) / 2
    lean = 1 + rng.uniform(-0.2, 0.2) * x + rng.uniform(-0.2, 0.2) * y
    return (vignette * lean).astype(np.float32)

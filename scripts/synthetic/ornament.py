"""What a shell's surface bears: fine relief and colour, laid on the visible pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from .surface import Floats, Surface

Colour = tuple[float, float, float]
_HOLLOW = 25.0
"""Depth in thousandths of the view that an aperture seems to have before it is dark."""
_GRAIN = 128
"""Edge of the noise texture in texels."""


@dataclass(frozen=True)
class Ornament:
    """Relief in thousandths of the view, colours as linear RGB in 0..1."""

    colour: Colour
    second: Colour = (0.0, 0.0, 0.0)
    """The colour of bands, flames and spots."""
    bands: int = 0
    """Number of spiral bands around the whorl."""
    flames: float = 0.0
    """Number of axial flames in a whorl; with bands they make spots."""
    pattern: float = 0.0
    """0..1, how much of the second colour shows."""
    mottle: float = 0.15
    """Strength of irregular tint."""
    roughness: float = 0.0
    """Height of irregular grain."""
    growth_lines: float = 0.0
    """Growth lines in a whorl."""
    growth_height: float = 0.0
    cords: int = 0
    """Spiral cords around the whorl."""
    cord_height: float = 0.0
    septa: float = 0.0
    """Suture lines in a whorl of an internal mould."""
    septa_depth: float = 0.0
    pores: float = 0.0
    """Pores across the view."""
    pore_depth: float = 0.0
    costae: int = 0
    """Ribs along a straight shell."""
    costa_height: float = 0.0
    suture: float = 0.0
    """Height of the sutures between chambers; negative when depressed."""
    lip: float = 0.0
    """Height of a rim about the aperture."""
    gloss: float = 0.3
    """0..1, strength of the highlight."""
    glass: float = 0.0
    """0..1, how much light passes through the wall."""


def texture(rng: np.random.Generator, slope: float = 1.4) -> Floats:
    """Return a periodic fractal noise, float32 [128, 128], mean 0, standard deviation 1."""
    spectrum = np.fft.rfft2(rng.standard_normal((_GRAIN, _GRAIN)))
    frequency = np.hypot(np.fft.fftfreq(_GRAIN)[:, None], np.fft.rfftfreq(_GRAIN)[None])
    frequency[0, 0] = np.inf
    noise = np.fft.irfft2(spectrum * frequency**-slope)
    even: Floats = (noise / noise.std()).astype(np.float32)
    return even


def coordinates(surface: Surface, coiled: bool) -> tuple[Floats, Floats]:
    """Return two coordinates on the shell in texels, for textures."""
    if coiled:
        return surface.along * 90, surface.around * (_GRAIN / (2 * np.pi))
    x, y, z = surface.body
    return (x + 0.4 * z) * 55, (y - 0.6 * z) * 55


def sample(noise: Floats, at: tuple[Floats, Floats]) -> Floats:
    """Look a texture up between its texels, periodically."""
    values: Floats = map_coordinates(noise, np.stack(at), order=1, mode="grid-wrap")
    return values


def relief(surface: Surface, ornament: Ornament, noise: Floats) -> Floats:
    """Return the height of the fine relief, float32 [m], in view units."""
    along, around = surface.along, surface.around
    height = ornament.roughness * noise
    if ornament.growth_height:
        lines = 2 * np.pi * ornament.growth_lines * (along - 0.03 * np.cos(around))
        height = height + ornament.growth_height * np.sin(lines + 1.5 * noise)
    if ornament.cord_height:
        height = height + ornament.cord_height * np.cos(ornament.cords * around)
    if ornament.septa_depth:
        height = height - ornament.septa_depth * septa(surface, ornament)
    if ornament.pore_depth:
        height = height - ornament.pore_depth * _pores(surface, ornament.pores, noise)
    if ornament.costa_height:
        ridge = np.cos(ornament.costae * around)
        height = height + ornament.costa_height * np.exp(2 * (ridge - 1)) * (1 - surface.crease)
    height = height + ornament.suture * surface.crease
    height = height - _HOLLOW * surface.cavity
    height = height + ornament.lip * np.exp(-(((surface.rim - 0.25) / 0.2) ** 2))
    heights: Floats = (height * np.float32(1e-3)).astype(np.float32)
    return heights


def septa(surface: Surface, ornament: Ornament) -> Floats:
    """Return 0..1, how near a pixel is to a suture line: lobes and saddles around the whorl."""
    around = surface.around
    lobes = 0.30 * np.cos(5 * around) + 0.14 * np.cos(13 * around) + 0.06 * np.cos(29 * around)
    phase = ornament.septa * surface.along + lobes
    distance = np.abs(phase - np.round(phase))
    body_chamber = surface.along > -0.4
    lines: Floats = np.where(body_chamber, 0, np.exp(-((distance / 0.05) ** 2))).astype(np.float32)
    return lines


def _pores(surface: Surface, count: float, noise: Floats) -> Floats:
    """Return 0..1, the depth of close-set pits: a lattice of round hollows, cut by the surface."""
    x, y, z = np.cos(surface.body * np.float32(np.pi * count) + np.float32(0.5) * noise)
    hollow = np.clip((x * y + y * z + z * x + 0.4) / 2, 0, 1)
    depth: Floats = hollow * hollow * (3 - 2 * hollow)
    return depth


def paint(surface: Surface, ornament: Ornament, noise: Floats) -> Floats:
    """Return the colour of the surface, float32 [3, m], linear RGB in 0..1."""
    share = np.float32(ornament.pattern) * _pattern(surface, ornament, noise)
    base = np.array(ornament.colour, np.float32)[:, None]
    second = np.array(ornament.second, np.float32)[:, None]
    colour = base + (second - base) * share
    colour *= np.exp(np.float32(ornament.mottle) * noise)
    if ornament.septa_depth:
        colour *= 1 - 0.55 * septa(surface, ornament)
    colour *= 1 - np.float32(0.3) * surface.crease
    return np.clip(colour, 0, 1)


def _pattern(surface: Surface, ornament: Ornament, noise: Floats) -> Floats:
    """Return 0..1, where the second colour is."""
    wave = np.zeros_like(noise)
    if ornament.bands:
        wave = wave + np.cos(ornament.bands * surface.around + 0.6)
    if ornament.flames:
        zigzag = 0.5 * np.sin(3 * surface.around) + 0.35 * noise
        wave = wave + np.cos(2 * np.pi * ornament.flames * surface.along + zigzag)
    share: Floats = (1 / (1 + np.exp(-6 * (wave + 0.25 * noise - 0.2)))).astype(np.float32)
    return share

"""Chambered shells: Tyszka's moving-reference model of the growth of foraminifera.

Tyszka, J. (2006), Morphospace of foraminiferal shells: results from the moving reference model,
Lethaia 39, 1-12; Tyszka, J. & Topa, P. (2005), Paleobiology 31, 522-537.

There is no coiling axis: every chamber is placed from the last two apertures, and its own aperture
opens where the way from the last one is shortest, here in the plane of growth, as in the model's
two-dimensional form. Whether a shell coils, climbs or zigzags follows from four numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
_ARCH = 0.4
"""How far the aperture reaches up, in radii of the last chamber."""


@dataclass(frozen=True)
class Chambers:
    """A chambered shell. The first four are the model's."""

    expansion: float
    """GF, radius of a chamber over that of the one before."""
    translation: float
    """TF, distance of a chamber's centre from the last aperture over the last radius."""
    deviation: float
    """Angle in radians by which growth turns off the line through the last two apertures."""
    rotation: float
    """Angle in radians about that line: 0 coils flat, small climbs, pi zigzags."""
    count: int
    """Number of chambers."""
    flatness: float = 1.0
    """Extent along the view axis of the resting shell over that across it."""
    mouth: float = 0.35
    """Radius of the aperture over that of the last chamber."""
    wobble: tuple[float, ...] = ()
    """Growth noise: log of each chamber's radius over the expected one."""


@dataclass(frozen=True)
class Skeleton:
    """Where the chambers of a shell are: the shell rests with its broad side to +z, the last
    chamber to the right."""

    centres: Doubles
    """float64 [n, 3]."""
    radii: Doubles
    """float64 [n]."""
    mouth: Doubles
    """float64 [3], the last aperture."""


def grow(shell: Chambers) -> Skeleton:
    """Grow a shell chamber by chamber and lay it down on its broad side."""
    centres, radii = [np.zeros(3)], [1.0]
    mouths = [np.zeros(3), np.array([1.0, 0.0, 0.0])]
    binormal = np.array([0.0, 0.0, 1.0])
    for number in range(1, shell.count):
        forward = _unit(mouths[-1] - mouths[-2])
        binormal = _unit(binormal - forward * (forward * binormal).sum())
        side = np.cross(binormal, forward)
        sideways = np.cos(shell.rotation) * side + np.sin(shell.rotation) * binormal
        heading = np.cos(shell.deviation) * forward + np.sin(shell.deviation) * sideways
        binormal = np.cross(forward, sideways)
        noise = shell.wobble[number] if number < len(shell.wobble) else 0.0
        centres.append(mouths[-1] + heading * shell.translation * radii[-1])
        radii.append(shell.expansion**number * np.exp(noise))
        plane = np.stack([forward, sideways])
        mouths.append(_open(np.array(centres), np.array(radii), mouths[-1], plane))
    return _lay_down(Skeleton(np.array(centres), np.array(radii), mouths[-1]))


def _open(centres: Doubles, radii: Doubles, last: Doubles, plane: Doubles) -> Doubles:
    """Return the exposed point of the last chamber that is nearest to the last aperture.

    Args:
        plane: float64 [2, 3], two unit vectors that span the plane of growth.
    """
    angle, reach = 0.0, np.pi
    for _ in range(3):
        angles = angle + np.linspace(-reach, reach, 121)
        points = np.cos(angles)[:, None] * plane[0] + np.sin(angles)[:, None] * plane[1]
        points = centres[-1] + radii[-1] * points
        depth = radii[:-1] - np.sqrt(((points[:, None] - centres[:-1]) ** 2).sum(axis=2))
        way = ((points - last) ** 2).sum(axis=1) + 1e4 * np.maximum(depth.max(axis=1), 0)
        nearest = int(way.argmin())
        angle, reach = float(angles[nearest]), reach / 40
    best: Doubles = points[nearest]
    return best


def _unit(vectors: Doubles) -> Doubles:
    lengths: Doubles = np.sqrt((vectors**2).sum(axis=-1, keepdims=True))
    return vectors / lengths


def _lay_down(shell: Skeleton) -> Skeleton:
    """Turn the broad side to +z, the side with the aperture up, the last chamber to the right."""
    weight = shell.radii**3 / (shell.radii**3).sum()
    middle = (weight[:, None] * shell.centres).sum(axis=0)
    spread = shell.centres - middle
    covariance = np.einsum("n,ni,nj->ij", weight, spread, spread)
    thin = np.linalg.eigh(covariance)[1][:, 0]
    mouth = shell.mouth - middle
    thin = thin if (mouth * thin).sum() >= 0 else -thin
    right = spread[-1] - thin * (spread[-1] * thin).sum()
    frame = np.stack([_unit(right), np.cross(thin, _unit(right)), thin])
    centres = np.einsum("ij,nj->ni", frame, spread)
    # The aperture is an arch in the plane of growth; its opening reaches to the upper side.
    opening = _unit(np.einsum("ij,j->i", frame, mouth) - centres[-1])
    opening[2] += _ARCH
    return Skeleton(centres, shell.radii, centres[-1] + shell.radii[-1] * _unit(opening))

"""What a genus is: an invented name, and a region of the space of shapes and ornaments.

The region is the box between two corners. Its species share what the corners share.
"""

from __future__ import annotations

from dataclasses import dataclass

from .chambers import Chambers
from .coil import Coil
from .names import Gender
from .ornament import Ornament

Shape = Coil | Chambers


@dataclass(frozen=True)
class Genus:
    """A region of parameter space with a name."""

    name: str
    gender: Gender
    family: str
    category: str
    shapes: tuple[Shape, Shape]
    """Two corners of the box, of one class."""
    ornaments: tuple[Ornament, Ornament]
    flips: float = 0.0
    """Share of pictures that show the other side."""
    spin: float = 0.0
    """Turn in the picture in which it is usually shown, radians."""

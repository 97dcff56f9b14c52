"""Species are spots in the region of their genus; specimens are draws about the spot."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .chambers import Chambers
from .coil import Coil
from .genera import GENERA
from .genus import Genus, Shape
from .names import EPITHETS, decline
from .ornament import Ornament
from .seeds import Stream, generator

Place = NDArray[np.float64]
Part = TypeVar("Part", Coil, Chambers, Ornament)

SPREAD = 0.2
"""Standard deviation of specimens about their species, in edges of the genus's box."""
_PER_GENUS = 2.5
"""Species that a genus has on average."""
LIMIT = len(GENERA) * (len(EPITHETS) - 1)
"""Most species that have names."""


@dataclass(frozen=True)
class Species:
    """A spot in the region of a genus."""

    index: int
    genus: Genus
    name: str
    """The binomial."""
    place: Place
    """float64 [fields], in edges of the genus's box, 0..1."""

    @property
    def folder(self) -> str:
        """The binomial as a file name."""
        return self.name.replace(" ", "_")

    def specimen_id(self, number: int) -> str:
        """Return the name of a specimen, unique in a collection."""
        return f"{self.folder}-{number:04d}"


@dataclass(frozen=True)
class Specimen:
    """One shell, before it is placed under a camera."""

    species: Species
    shape: Shape
    ornament: Ornament
    grain: int
    """Seed of its texture."""


def make_species(count: int, seed: int) -> list[Species]:
    """Return species spread over the genera in turn.

    Args:
        count: number of species, 1..`LIMIT`.
        seed: of the whole collection.
    """
    genera = GENERA[: min(max(round(count / _PER_GENUS), 3), len(GENERA))]
    return [_make_one(index, genera[index % len(genera)], seed) for index in range(count)]


def _make_one(index: int, genus: Genus, seed: int) -> Species:
    rng = generator(Stream.SPECIES, seed, index)
    epithet = decline(EPITHETS[index % len(EPITHETS)], genus.gender)
    edges = len(fields(genus.shapes[0])) + len(fields(genus.ornaments[0]))
    return Species(index, genus, f"{genus.name} {epithet}", rng.uniform(size=edges))


def draw_specimen(species: Species, number: int, seed: int) -> Specimen:
    """Draw the specimen of this number; the same one for the same seed."""
    rng = generator(Stream.SPECIMEN, seed, species.index, number)
    place = species.place + SPREAD * rng.standard_normal(len(species.place))
    edges = len(fields(species.genus.shapes[0]))
    low, high = species.genus.shapes
    shape: Shape
    if isinstance(low, Coil) and isinstance(high, Coil):
        shape = replace(_between(low, high, place), wobble=tuple(rng.normal(0, 0.006, 4).tolist()))
    elif isinstance(low, Chambers) and isinstance(high, Chambers):
        shape = replace(_between(low, high, place), wobble=tuple(rng.normal(0, 0.03, 40).tolist()))
    ornament = _weather(_between(*species.genus.ornaments, place[edges:]), rng)
    return Specimen(species, shape, ornament, grain=int(rng.integers(1 << 31)))


def _weather(ornament: Ornament, rng: np.random.Generator) -> Ornament:
    """Stain or bleach a shell; burial and light do so whatever its species."""
    tint = np.exp(rng.normal(0, 0.16) + rng.normal(0.02, 0.06) * np.array([1, 0.1, -1]))
    red, green, blue = (np.array(ornament.colour) * tint).tolist()
    return replace(ornament, colour=(red, green, blue))


def _between(low: Part, high: Part, place: Place) -> Part:
    """Return the point of the box between two corners; whole numbers stay whole."""
    values: dict[str, Any] = {}
    for field, share in zip(fields(low), place.tolist(), strict=False):
        one, other = getattr(low, field.name), getattr(high, field.name)
        if isinstance(one, tuple):
            share = min(max(share, 0.0), 1.0)
            values[field.name] = tuple(a + (b - a) * share for a, b in zip(one, other, strict=True))
        else:
            value = one + (other - one) * share
            values[field.name] = round(value) if field.type == "int" else value
    return replace(low, **values)

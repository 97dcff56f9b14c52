"""Which pictures a collection has: specimens, their views, and the split, before any is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .seeds import Stream, generator
from .setups import Setup
from .species import Species, make_species

Setups = Literal["clean", "poor", "both"]

LICENCE = "CC0-1.0"
SOURCE = "Holotype synthetic shells"
_TEST_SHARE = 0.25
_PAIR_SHARE = 0.12
"""Share of the pictures of a species that are a second view of a specimen."""


@dataclass(frozen=True)
class Shot:
    """One picture to be taken."""

    species: Species
    specimen: int
    view: int
    """0, or 1 for the second view of the same specimen."""
    setup: Setup
    split: str

    @property
    def specimen_id(self) -> str:
        """Unique in the collection, the same for all pictures of a specimen."""
        return self.species.specimen_id(self.specimen)

    @property
    def image_id(self) -> str:
        """Unique in the collection."""
        return f"{self.specimen_id}-{'ab'[self.view]}-{self.setup}"

    @property
    def path(self) -> str:
        """Where the picture lies, relative to the manifest."""
        return f"images/{self.species.folder}/{self.image_id}.jpg"

    def row(self) -> dict[str, str]:
        """Return the picture's row of the manifest."""
        genus = self.species.genus
        return {
            "image_id": self.image_id,
            "path": self.path,
            "specimen_id": self.specimen_id,
            "category": genus.category,
            "family": genus.family,
            "genus": genus.name,
            "species": self.species.name,
            "split": self.split,
            "setup": self.setup,
            "source": SOURCE,
            "licence": LICENCE,
        }


def plan_collection(species: int, images: int, seed: int, setup: Setups) -> list[Shot]:
    """Return every picture of a collection, species by species.

    With `both`, every picture is taken twice, in the same pose under either set-up.
    """
    chosen: tuple[Setup, ...] = ("clean", "poor") if setup == "both" else (setup,)
    return [
        Shot(kind, specimen, view, instrument, split)
        for kind in make_species(species, seed)
        for specimen, view, split in _specimens(kind.index, images, seed)
        for instrument in chosen
    ]


def _specimens(species: int, images: int, seed: int) -> Iterator[tuple[int, int, str]]:
    """Yield (specimen, view, split) of the pictures of a species, in one set-up."""
    pairs = math.ceil(_PAIR_SHARE * images) if images > 3 else 0
    specimens = images - pairs
    rng = generator(Stream.PLAN, seed, species)
    twice = set(rng.permutation(specimens)[:pairs].tolist())
    held_out = round(_TEST_SHARE * specimens) if specimens > 1 else 0
    test = set(rng.permutation(specimens)[: max(held_out, int(specimens > 1))].tolist())
    for specimen in range(specimens):
        for view in range(2 if specimen in twice else 1):
            yield specimen, view, "test" if specimen in test else "train"

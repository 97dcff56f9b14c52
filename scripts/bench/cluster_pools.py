"""Pools of species that are left out of a labelled collection, to be found again as clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from holotype.eval.identification.asking import Specimens
from holotype.index.arrays import Codes
from holotype.index.collection import Collection
from holotype.index.identification.kept_calibration import labels_of, source_vectors

TAIL = 25  # species of the long tail


@dataclass(frozen=True)
class Kind:
    """A kind of pool: how many species are left out, and whether it is a long tail of them."""

    name: str
    species: int
    tail: bool = False


KINDS = (
    Kind("10 species", 10),
    Kind("25 species", 25),
    Kind("50 species", 50),
    Kind("long tail", TAIL, tail=True),
)


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is left out of a table and what stays, as rows of it.

    Attributes:
        pool: int64 [m], images of species without a name.
        named: int64 [n], all images of the other species.
    """

    pool: Codes
    named: Codes


def read_table(collection: Collection, space: str | None) -> Specimens:
    """Return the labelled images of a space; of a projected one what it is projected from."""
    images = collection.gallery(space)
    labels = labels_of(images)
    rows = np.flatnonzero(labels[:, -1] >= 0)
    vectors = np.asarray(source_vectors(collection, images))
    return Specimens(vectors, labels, images.specimens, images.ranks).at(rows)


def kinds_for(species: int) -> Sequence[Kind]:
    """Return the kinds of pool that leave at least half of the species; a third of few ones."""
    fitting = [kind for kind in KINDS if 2 * kind.species <= species]
    if fitting:
        return fitting
    few = max(2, species // 3)
    return (Kind(f"{few} species", few), Kind("long tail", few, tail=True))


def draw(table: Specimens, kind: Kind, seed: int) -> Drawn:
    """Leave species out by chance; of a long tail one specimen to all of them a species.

    The numbers of a long tail are even: as many species with few specimens as with many.
    """
    generator = np.random.default_rng(seed)
    species = generator.permutation(np.unique(table.labels[:, -1]))[: kind.species]
    out = np.isin(table.labels[:, -1], species)
    pool = np.flatnonzero(out)
    if kind.tail:
        pool = np.sort(np.concatenate([_cut(table, one, generator) for one in species]))
    return Drawn(pool, np.flatnonzero(~out))


def _cut(table: Specimens, species: int, generator: np.random.Generator) -> Codes:
    rows = np.flatnonzero(table.labels[:, -1] == species)
    specimens = generator.permutation(np.unique(table.groups[rows]))
    kept = specimens[: generator.integers(1, len(specimens) + 1)]
    return rows[np.isin(table.groups[rows], kept)]


def listed(table: Specimens, names: Sequence[str], file: Path) -> Drawn:
    """Leave out all species but those that a file names, one a line or divided by `|`.

    Args:
        table: what is divided.
        names: of the species, by their codes.
        file: the species that the encoder was trained on.
    """
    known = set(file.read_text().strip().replace("\n", "|").split("|"))
    named = np.array([name in known for name in names])[table.labels[:, -1]]
    return Drawn(np.flatnonzero(~named), np.flatnonzero(named))

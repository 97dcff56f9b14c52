"""Vectors in clouds round their species, so that clusters can be told without an encoder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Embeddings
from holotype.index.collection import Collection
from holotype.index.storage.records import DETAILS, Image
from holotype.index.taxonomy import RANKS

DIM = 24

KNOWN = {
    f"{genus} {epithet}": family
    for family, genera in {"Noctuidae": ("Xestia", "Noctua"), "Erebidae": ("Catocala",)}.items()
    for genus in genera
    for epithet in ("alba", "nigra", "rubra", "flava")
}
NOVEL = {"x one": ("Xestia", "Noctuidae"), "x two": ("Xestia", "Noctuidae"), "far": ("", "")}


def unit(vector: NDArray[np.floating]) -> Embeddings:
    found: Embeddings = (vector / np.linalg.norm(vector)).astype(np.float32)
    return found


def centre(name: str, genus: str, family: str) -> Embeddings:
    """Species of a genus lie near each other, and genera of a family a little farther."""
    parts = ((family, 1.0), (genus, 1.0), (name, 0.9))
    return unit(np.sum([weight * _random(part) for part, weight in parts if part], axis=0))


def _random(name: str) -> Embeddings:
    seed = int.from_bytes(name.encode()[-4:] + name.encode()[:4], "little")
    return unit(np.random.default_rng(seed).normal(size=DIM))


def near(middle: Embeddings, seed: int, spread: float = 0.25) -> Embeddings:
    noise = np.random.default_rng(seed).normal(size=DIM)
    return unit(middle + spread * noise / np.linalg.norm(noise))


def image_of(
    image_id: str, lineage: Sequence[str] = ("",) * len(RANKS), split: str = "", specimen: str = ""
) -> Image:
    return Image(
        image_id=image_id,
        specimen_id=specimen or f"specimen of {image_id}",
        path="",
        sha256=hashlib.sha256(image_id.encode()).hexdigest(),
        phash=0,
        width=8,
        height=8,
        split=split,
        lineage=tuple(lineage),
        details=dict.fromkeys(DETAILS, ""),
        metadata={},
    )


def lineage_of(species: str, family: str) -> tuple[str, ...]:
    genus = species.split(" ", 1)[0]
    names = {"category": "Moth", "family": family, "genus": genus, "species": species}
    return tuple(names.get(rank, "") for rank in RANKS)


def drawer(folder: Path, each: int = 8, known: Mapping[str, str] = KNOWN) -> Collection:
    """A collection of named species, by default twelve, `each` specimens of one image."""
    made = Collection.create(folder)
    space = made.add_space("base", encoder="external:x", fingerprint="x", views=1, dim=DIM)
    entries = []
    for number, (species, family) in enumerate(known.items()):
        middle = centre(species, species.split()[0], family)
        for place in range(each):
            image = image_of(f"{species} {place}", lineage_of(species, family), "gallery")
            entries.append((image, near(middle, 100 * number + place)))
    made.store(space, entries)
    return made


def add_batch(
    collection: Collection, sizes: Mapping[str, int], split: str = "batch", seed: int = 0
) -> None:
    """Store unnamed images of novel species, or of known ones, called `<split> <species> <n>`."""
    entries = []
    for number, (name, size) in enumerate(sizes.items()):
        genus, family = NOVEL[name] if name in NOVEL else (name.split()[0], KNOWN[name])
        middle = centre(name, genus, family)
        entries += [
            (
                image_of(f"{split} {name} {place}", split=split),
                near(middle, 10_000 * (seed + 1) + 100 * number + place),
            )
            for place in range(size)
        ]
    collection.store(collection.space(), entries)

"""Images without pictures: what they are follows from their id and a version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from holotype.index.arrays import Embeddings
from holotype.index.collection import Collection
from holotype.index.storage.records import DETAILS, Image, Space
from holotype.index.taxonomy import RANKS, Lineage

DIM = 16
SPECIES = 5


def content_of(image_id: str, version: int) -> str:
    """Return the sha256 of a version of an image, as hex."""
    return hashlib.sha256(f"{image_id} {version}".encode()).hexdigest()


def vector_of(sha256: str) -> Embeddings:
    """Return the embedding of a content, float32 [DIM], a unit row."""
    row = np.random.default_rng(int(sha256[:16], 16)).normal(size=DIM)
    unit: Embeddings = (row / np.linalg.norm(row)).astype(np.float32)
    return unit


def lineage_of(image_id: str) -> Lineage:
    """Return the lineage that an image is labelled with."""
    letter = "abcdefgh"[int(content_of(image_id, 0)[:8], 16) % SPECIES]
    names = {"category": "Moth", "genus": "Xestia", "species": f"Xestia {letter}x"}
    return tuple(names.get(rank, "") for rank in RANKS)


def image_of(image_id: str, version: int = 0) -> Image:
    """Return a version of an image, each of a specimen of its own."""
    return Image(
        image_id=image_id,
        specimen_id=f"specimen {image_id}",
        path="",
        sha256=content_of(image_id, version),
        phash=version,
        width=48,
        height=36,
        split="train",
        lineage=lineage_of(image_id),
        details=dict.fromkeys(DETAILS, ""),
        metadata={"version": str(version)},
    )


def space_of(collection: Collection) -> Space:
    """Return the space that plain images are stored in, made where there is none."""
    for space in collection.spaces():
        return space
    return collection.add_space("base", encoder="plain", fingerprint="0", views=1, dim=DIM)


def put(collection: Collection, versions: Iterable[tuple[str, int]]) -> None:
    """Store versions of images, all or none."""
    images = [image_of(image_id, version) for image_id, version in versions]
    entries = [(image, vector_of(image.sha256)) for image in images]
    collection.store(space_of(collection), entries)


def make(folder: Path, images: int, store: str = "") -> None:
    """Make a collection of plain images, with its index; `store` as in `Collection.create`."""
    with Collection.create(folder, store=store) as collection:
        put(collection, [(f"image {number}", 0) for number in range(images)])
        collection.gallery()


def stored(collection: Collection) -> dict[str, int]:
    """Return {image_id: version} of what a collection holds; nobody may write meanwhile.

    Raises:
        AssertionError: an image and its embedding are of two versions, or one stands alone.
    """
    images = list(collection.images())
    if not images:
        return {}
    gallery = collection.gallery()
    assert gallery.rows.tolist() == [image.row for image in images]
    for image, vector in zip(images, gallery.index.vectors, strict=True):
        assert np.array_equal(vector, vector_of(image.sha256)), image.image_id
        assert image.sha256 == content_of(image.image_id, image.phash), image.image_id
    return {image.image_id: image.phash for image in images}

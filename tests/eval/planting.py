"""Collections of made pictures whose embeddings are planted, to be evaluated by hand."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from holotype.index.collection import Collection
from holotype.index.pictures.reading import content_hash, perceptual_hash
from holotype.index.storage.records import DETAILS, Image
from holotype.index.taxonomy import RANKS

DIM = 16
Vector = NDArray[np.float32]
Names = dict[str, str]

HOSTILE = "Xestia <b>x</b>"
SPECIES = (
    *({"category": "Moth", "family": "Noctuidae", "species": f"Noctua n{i}"} for i in range(3)),
    {"category": "Moth", "family": "Noctuidae", "species": HOSTILE},
    *({"category": "Plant", "family": "Fagaceae", "species": f"Quercus q{i}"} for i in range(3)),
    {"category": "Plant", "family": "Fagaceae", "species": "Castanea $a$ & c"},
)


@dataclass(frozen=True)
class Planted:
    """One image: what is told about it, its picture, and its vector in each space."""

    specimen: str
    names: Mapping[str, str]
    split: str
    picture: bytes
    vectors: Mapping[str, Vector]


def scene(rng: np.random.Generator) -> Pillow.Image:
    """Return a picture, 96 x 72 px, that is like no other."""
    cells = Pillow.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
    return cells.resize((96, 72), Pillow.Resampling.BICUBIC)


def encoded(image: Pillow.Image, kind: str = "PNG", **options: int) -> bytes:
    """Return a picture as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def unit(vector: NDArray[np.floating]) -> Vector:
    """Return a vector of length 1, float32."""
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def noisy(
    taxa: Sequence[Names],
    each: int = 6,
    unnamed: int = 0,
    spaces: Sequence[str] = ("base",),
    per_specimen: int = 1,
) -> list[Planted]:
    """Return pictures of noise with vectors near their species' own; each space is a bit better."""
    rng = np.random.default_rng(0)
    named: list[Names] = [taxon for taxon in taxa for _ in range(each)] + [{}] * unnamed
    centres = {str(taxon): unit(rng.standard_normal(DIM)) for taxon in named}
    rows = []
    for number, taxon in enumerate(named):
        noise = {space: unit(rng.standard_normal(DIM)) for space in spaces}
        vectors = {
            space: unit(centres[str(taxon)] + (0.9 - 0.2 * place) * noise[space])
            for place, space in enumerate(spaces)
        }
        specimen = f"specimen-{number // per_specimen}"
        picture = Pillow.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8))
        split = "train" if number % 3 else "test"
        rows.append(Planted(specimen, _with_genus(taxon), split, encoded(picture), vectors))
    return rows


def _with_genus(taxon: Names) -> Names:
    genus = {"genus": taxon["species"].split(" ")[0]} if "species" in taxon else {}
    return genus | taxon


def plant(folder: Path, rows: Sequence[Planted]) -> Collection:
    """Return a new collection of these images, `image-0`, `image-1` …, in this order."""
    collection = Collection.create(folder)
    images = [_stored(folder, number, row) for number, row in enumerate(rows)]
    for name in rows[0].vectors:
        space = collection.add_space(name, encoder="none", fingerprint="0" * 64, views=1, dim=DIM)
        vectors = (row.vectors[name] for row in rows)
        collection.store(space, list(zip(images, vectors, strict=True)))
    return collection


def _stored(folder: Path, number: int, row: Planted) -> Image:
    inside = Path("images", f"{number}.png")
    (folder / inside).parent.mkdir(exist_ok=True)
    (folder / inside).write_bytes(row.picture)
    picture = Pillow.open(io.BytesIO(row.picture))
    return Image(
        image_id=f"image-{number}",
        specimen_id=row.specimen,
        path=inside.as_posix(),
        sha256=content_hash(row.picture),
        phash=perceptual_hash(picture),
        width=picture.width,
        height=picture.height,
        split=row.split,
        lineage=tuple(row.names.get(rank, "") for rank in RANKS),
        details=dict.fromkeys(DETAILS, ""),
        metadata={},
    )

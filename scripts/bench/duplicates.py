"""`python -m holotype.scripts.bench.duplicates MANIFEST`: which planted copies the guard finds.

Two hundred pictures are copied in several ways and stand on the other side of a split under other
specimens' names. A false alarm is a picture of the data itself that seems to be a copy of another.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image

from holotype.eval.splits.leakage import Leaks, find_leaks
from holotype.eval.splits.splits import Split, leave_one_out
from holotype.index.encoders import Embeddings, Encoder, load_encoder
from holotype.index.manifests.manifest import Manifest
from holotype.index.pictures.copies import Thumbnails, grey_thumbnail
from holotype.index.pictures.reading import content_hash, perceptual_hash, read_picture

from ..console import one_sentence, out, progress

_PLANTED = 200
Copy = Callable[[Image.Image, np.random.Generator], bytes]


@dataclass(frozen=True)
class Table:
    """What the guard looks at, a row a picture."""

    sha256: list[str]
    phash: NDArray[np.uint64]
    embeddings: Embeddings
    thumbnails: Thumbnails

    def leaks(self, split: Split) -> Leaks:
        """Return what crosses a split where every picture is a specimen of its own."""
        return find_leaks(
            split,
            np.arange(len(self.sha256)),
            self.sha256,
            phash=self.phash,
            embeddings=self.embeddings,
            thumbnails=lambda rows: self.thumbnails[rows],
        )

    def with_rows(self, other: Table) -> Table:
        """Return both tables, one after the other."""
        return Table(
            self.sha256 + other.sha256,
            np.concatenate([self.phash, other.phash]),
            np.concatenate([self.embeddings, other.embeddings]),
            np.concatenate([self.thumbnails, other.thumbnails]),
        )


def table_of(files: Sequence[bytes], encoder: Encoder) -> Table:
    """Hash and embed pictures."""
    pictures = [read_picture(data) for data in files]
    step, vectors = encoder.batch_size, []
    with progress("Embedding") as on_picture:
        for start in range(0, len(pictures), step):
            batch = [encoder.preprocess(picture) for picture in pictures[start : start + step]]
            vectors.append(encoder.encode_images(np.stack(batch)))
            on_picture(start + len(batch), len(pictures))
    return Table(
        [content_hash(data) for data in files],
        np.array([perceptual_hash(picture) for picture in pictures], np.uint64),
        np.concatenate(vectors),
        np.stack([grey_thumbnail(picture) for picture in pictures]),
    )


def _saved(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _cropped(picture: Image.Image, edges: Sequence[float]) -> Image.Image:
    left, top, right, bottom = edges
    width, height = picture.size
    return picture.crop(
        (
            int(left * width),
            int(top * height),
            int((1 - right) * width),
            int((1 - bottom) * height),
        )
    )


def _half(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)


COPIES: dict[str, Copy] = {
    "saved again, quality 40": lambda picture, _: _saved(picture, 40),
    "half the size": lambda picture, _: _saved(_half(picture), 85),
    "3 % cropped a side": lambda picture, _: _saved(_cropped(picture, [0.03] * 4), 90),
    "5 % cropped a side": lambda picture, _: _saved(_cropped(picture, [0.05] * 4), 90),
    "0-8 % cropped an edge": lambda picture, rng: _saved(
        _cropped(picture, rng.uniform(0, 0.08, 4).tolist()), 85
    ),
}


def main(
    source: Annotated[Path, typer.Argument(help="A folder or manifest, as ingest takes it.")],
    seed: Annotated[int, typer.Option(help="Of the pictures that are copied.")] = 0,
) -> None:
    """Plant copies and print how many are found, and how many pictures are wrongly suspected."""
    manifest = Manifest.read(source)
    files = [(manifest.root / path).read_bytes() for path in manifest.frame["path"]]
    encoder, rng = load_encoder("bundled"), np.random.default_rng(seed)
    table, n = table_of(files, encoder), len(files)
    suspected = table.leaks(leave_one_out(n)).near
    out.print(f"{n} pictures, {len(suspected)} suspected without cause ({len(suspected) / n:.1%})")
    sources = rng.choice(n, min(_PLANTED, n), replace=False)
    pictures = [read_picture(files[place]) for place in sources]
    copies = {"exact": [files[place] for place in sources]}
    copies |= {kind: [make(picture, rng) for picture in pictures] for kind, make in COPIES.items()}
    for kind, made in copies.items():
        split = Split("planted", np.arange(n, n + len(made)), np.arange(n))
        found = table.with_rows(table_of(made, encoder)).leaks(split)
        out.print(f"{len(found.queries) / len(made):7.1%}  {kind}", highlight=False)


if __name__ == "__main__":
    with one_sentence():
        typer.run(main)

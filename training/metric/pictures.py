"""The labelled pictures of a space, decoded once and kept as squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes, Embeddings, Flags, Pixels
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import HolotypeError, UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.pictures.reading import (
    LONGEST,
    pad_to_square,
    read_picture,
    shrink,
)
from holotype.index.pictures.scaling import scaled
from holotype.index.runtime import workers
from holotype.index.storage.records import Image
from holotype.index.taxonomy import RANKS
from holotype.index.ways import option

from ..tuning.folds import united
from .processes import Processes

Progress = Callable[[int, int], None]

_ROOM = 1.15  # a square's side over the encoder's: what is cut out of it is not blurred
_AT_ONCE = 10_000  # rows that one question to the database names
_IN_MEMORY = 4 << 30  # bytes of squares; more lie in a file


@dataclass(frozen=True, eq=False)
class Labelled:
    """Pictures that can be trained on, with their names.

    Attributes:
        images: what is stored of each.
        vectors: float32 [n, dim], their embeddings by the start, unit rows.
        specimens: int64 [n]; those of which the same file is stored count as one.
        ranks: the ranks that some of them are named at, coarse to fine.
        labels: int64 [n, ranks], -1 where not known.
        names: the taxa of each rank.
    """

    images: list[Image]
    vectors: Embeddings
    specimens: Codes
    ranks: tuple[str, ...]
    labels: Codes
    names: list[list[str]]

    @property
    def species(self) -> Codes:
        """The species of every picture, int64 [n], -1 where not known."""
        return self.of("species")

    def of(self, rank: str) -> Codes:
        """The taxa of every picture at a rank, int64 [n], -1 where not known."""
        if rank not in self.ranks:
            return np.full(len(self.images), -1, np.int64)
        return self.labels[:, self.ranks.index(rank)]

    def categories(self, rows: Codes) -> list[str]:
        """Return the category of some of them, empty where not known."""
        if "category" not in self.ranks:
            return [""] * len(rows)
        names = [*self.names[self.ranks.index("category")], ""]  # -1 is the last
        return [names[code] for code in self.of("category")[rows].tolist()]

    def at(self, rows: Codes | Flags) -> Labelled:
        """Return some of them."""
        places = np.arange(len(self.images))[rows]
        return Labelled(
            [self.images[place] for place in places],
            self.vectors[places],
            self.specimens[places],
            self.ranks,
            self.labels[places],
            self.names,
        )


def labelled(collection: Collection, gallery: Gallery, rows: Codes) -> Labelled:
    """Return the pictures of a gallery's places that are named at any rank."""
    named = rows[gallery.taxon[rows] >= 0]
    ranks = tuple(rank for rank in RANKS if rank in gallery.ranks)
    found = [gallery.labels(rank) for rank in ranks]
    labels = np.stack([one.codes[named] for one in found], 1) if found else np.empty((0, 0))
    images = stored_images(collection, gallery, named)
    return Labelled(
        images,
        gallery.index.vectors[named],
        _with_copies(gallery.specimens[named], images),
        ranks,
        labels.astype(np.int64),
        [one.names for one in found],
    )


def _with_copies(specimens: Codes, images: Sequence[Image]) -> Codes:
    """Return specimens, int64 [n], as one where they share a file: a copy tells of itself."""
    _, first, file = np.unique(
        [image.sha256 for image in images], return_index=True, return_inverse=True
    )
    return specimens if len(first) == len(images) else united(specimens, file)


def stored_images(collection: Collection, gallery: Gallery, places: Codes) -> list[Image]:
    """Return what is stored of the pictures at a gallery's places, in their order."""
    wanted = gallery.rows[places].tolist()
    stored = {
        row: image
        for start in range(0, len(wanted), _AT_ONCE)
        for row, image in collection.images_at(wanted[start : start + _AT_ONCE]).items()
    }
    return [stored[row] for row in wanted]


def require_species(pictures: Labelled) -> None:
    """Refuse pictures of which none is named to species.

    Raises:
        UsageError: none is.
    """
    if "species" not in pictures.ranks:
        raise UsageError(
            "No picture is named to species; training compares species: name some, or choose more "
            f"with {option('where')}"
        )


@dataclass(frozen=True, eq=False)
class Squares:
    """Pictures as uint8 [m, side, side, 3], padded to squares, in memory or in a file.

    Attributes:
        pixels: of those that can be used.
        usable: which of all these are, bool [n].
        problems: one sentence for each of the others.
    """

    pixels: NDArray[np.uint8]
    usable: Flags
    problems: list[str]


def read_squares(
    collection: Collection,
    images: Sequence[Image],
    encoder: Encoder,
    *,
    largest: int,
    file: Path,
    progress: Progress | None = None,
    processes: Processes | None = None,
) -> Squares:
    """Read pictures in threads.

    Args:
        largest: the largest side in pixels that training will show.
        file: where they are kept if they are too large for memory.
        processes: those that train; the first writes that file, and the others wait for it.

    Raises:
        UsageError: none can be read.
    """
    side = round(_ROOM * largest)
    shape = (len(images), side, side, 3)
    method = encoder.preprocessing.interpolation

    def square(place: int) -> Pixels:
        return scaled(_square(collection, images[place], side), side, method)

    def fill(pixels: NDArray[np.uint8]) -> list[str]:
        said = _fill(pixels, square, progress)
        return [one and f"{image.path}: {one}" for image, one in zip(images, said, strict=True)]

    if np.prod(shape, dtype=np.int64) > _IN_MEMORY:
        found = (processes or Processes()).once(
            lambda: fill(np.lib.format.open_memmap(file, "w+", np.uint8, shape))
        )
        pixels: NDArray[np.uint8] = np.load(file, mmap_mode="r")
    else:
        pixels = np.zeros(shape, np.uint8)
        found = fill(pixels)
    usable = np.array([not one for one in found], bool)
    problems = [one for one in found if one]
    if not usable.any():
        first = f" ({problems[0]})" if problems else ""
        raise UsageError(
            f"No picture can be read{first}; training needs the pictures themselves where they "
            "were when they were ingested, or copies in the collection (ingest "
            f"{option('copy-images')})"
        )
    return Squares(pixels[: np.count_nonzero(usable)], usable, problems)


def _fill(
    pixels: NDArray[np.uint8], square: Callable[[int], Pixels], progress: Progress | None
) -> list[str]:
    """Fill the first rows with the pictures that can be used, in their order.

    Returns:
        what is wrong with each picture, empty where nothing is.
    """

    def read(place: int) -> str:
        try:
            pixels[place] = square(place)
        except (HolotypeError, OSError) as error:
            return str(error) or type(error).__name__
        return ""

    said: list[str] = []
    used = 0
    with workers() as pool:
        for place, problem in enumerate(pool.map(read, range(len(pixels)))):
            said.append(problem)
            if not problem:
                if used < place:  # one at a time: all may be more than memory holds
                    pixels[used] = pixels[place]
                used += 1
            if progress:
                progress(place + 1, len(pixels))
    return said


def _square(collection: Collection, image: Image, side: int) -> Pixels:
    """Return a picture as a square.

    Raises:
        PictureError: it cannot be read, or is another than the one that was stored.
    """
    picture = read_picture(collection.picture(image), target=side, name=Path(image.path))
    return pad_to_square(shrink(picture, LONGEST * side))

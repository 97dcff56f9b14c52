"""Examples: a specimen with the gallery images that were most similar to it, as small pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from holotype.index.collection import Collection
from holotype.index.errors import PictureError
from holotype.index.gallery.gallery import Gallery
from holotype.index.pictures.reading import read_picture, thumbnail
from holotype.index.storage.records import Image

from .blocks import Example, Examples, Picture
from .cells import is_italic, share_text

_PIXELS = 128


@dataclass(frozen=True)
class Query:
    """A specimen that asked.

    Attributes:
        place: of its image in the gallery snapshot.
        label: small print above its name.
        nearest: places of the most similar gallery images and their cosines, best first; -1 is
            padding.
        note: what was answered.
    """

    place: int
    label: str
    nearest: Sequence[tuple[int, float]]
    note: str = ""


def examples(
    images: Gallery, collection: Collection, asked: Sequence[Query], reading: str
) -> Examples:
    """Return specimens with what they found, named at the finest rank."""
    places = {each.place for each in asked} | {near for each in asked for near, _ in each.nearest}
    shelf = _Shelf(images, collection, _stored(images, collection, places - {-1}))
    return Examples(tuple(shelf.example(each) for each in asked), reading)


def legend(ranks: Sequence[str]) -> str:
    """Return what the marks of examples mean, for the ranks that have names, coarse to fine.

    >>> legend(["genus", "species"])
    '✓ is the right species, ≈ another one of the right genus, ✗ neither.'
    """
    near = ", ≈ another one of the right genus, ✗ neither" if "genus" in ranks[:-1] else ", ✗ not"
    return f"✓ is the right {ranks[-1]}{near}."


def _stored(images: Gallery, collection: Collection, places: Iterable[int]) -> dict[int, Image]:
    """Return images by their place in a gallery snapshot; those that are gone are left out."""
    rows = {place: int(images.rows[place]) for place in sorted(places)}
    by_row = collection.images_at(list(rows.values()))
    return {place: by_row[row] for place, row in rows.items() if row in by_row}


@dataclass(frozen=True)
class _Shelf:
    images: Gallery
    collection: Collection
    stored: dict[int, Image]

    def example(self, asked: Query) -> Example:
        answers = (
            self._picture(near, self._mark(asked.place, near), share_text(cosine))
            for near, cosine in asked.nearest
            if near >= 0
        )
        query = replace(self._picture(asked.place, "", asked.label), note=asked.note)
        return Example(query, tuple(answers))

    def _picture(self, place: int, mark: str, label: str) -> Picture:
        image, rank = self.stored.get(place), self.images.ranks[-1]
        labels = self.images.labels(rank)
        code = int(labels.codes[place])
        return Picture(
            source=None if image is None else _data_uri(self.collection, image),
            image_id="" if image is None else image.image_id,
            name=labels.names[code] if code >= 0 else "not named",
            italic=code >= 0 and is_italic(rank),
            mark=mark,
            label=label,
        )

    def _mark(self, query: int, near: int) -> str:
        ranks = self.images.ranks
        for mark, rank in (("right", ranks[-1]), ("near", "genus")):
            if rank in ranks:
                codes = self.images.labels(rank).codes
                if codes[query] == codes[near] >= 0:
                    return mark
        return "wrong"


def _data_uri(collection: Collection, image: Image) -> str | None:
    """Return a small picture as a data URI, None where the file is gone or damaged."""
    try:
        small = thumbnail(read_picture(collection.thumbnail(image)), _PIXELS)
    except PictureError:
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode('ascii')}"

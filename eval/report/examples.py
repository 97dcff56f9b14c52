"""Small pictures of specimens for lists of examples."""

from __future__ import annotations

import base64

from holotype.index.collection import Collection
from holotype.index.errors import PictureError
from holotype.index.gallery.gallery import Gallery
from holotype.index.pictures.reading import read_picture, thumbnail
from holotype.index.storage.records import Image

from ..measures.arrays import Codes
from .blocks import Picture
from .cells import is_italic

_PIXELS = 128


def images_by_place(images: Gallery, collection: Collection, places: Codes) -> dict[int, Image]:
    """Return images by their place in a gallery snapshot; those that are gone are left out."""
    rows = images.rows[places].tolist()
    by_row = collection.images_at(rows)
    return {int(p): by_row[r] for p, r in zip(places, rows, strict=True) if r in by_row}


def picture_of(
    collection: Collection, image: Image | None, mark: str, label: str, name: str, rank: str
) -> Picture:
    """Return a picture for a list of examples.

    Args:
        collection: where the image is kept.
        image: None where it is gone.
        mark: see `Picture`.
        label: see `Picture`.
        name: the taxon, empty where it is not named.
        rank: of the taxon.
    """
    return Picture(
        source=None if image is None else _data_uri(collection, image),
        image_id="" if image is None else image.image_id,
        name=name or "not named",
        italic=bool(name) and is_italic(rank),
        mark=mark,
        label=label,
    )


def _data_uri(collection: Collection, image: Image) -> str | None:
    """Return a small picture as a data URI, None where the file is gone or damaged."""
    try:
        small = thumbnail(read_picture(collection.thumbnail(image)), _PIXELS)
    except PictureError:
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode('ascii')}"

"""Small JPEGs of stored pictures, made once and kept beside the database."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .files import write_durably
from .pictures import read_bytes, read_picture, thumbnail
from .records import Image
from .settings import settings

if TYPE_CHECKING:
    from .collection import Collection


def kept_thumbnail(collection: Collection, image: Image) -> bytes:
    """Return a small JPEG of an image.

    Raises:
        PictureError: the original is gone or damaged.
    """
    side = settings().thumbnail_pixels
    kept: Path = collection.folder / "thumbnails" / f"{image.sha256}-{side}.jpg"
    try:
        return kept.read_bytes()
    except OSError:
        path = collection.picture_path(image)
        data = thumbnail(read_picture(read_bytes(path), target=side, name=path), side)
    with suppress(OSError):  # only a cache: a full or read-only disk does not matter
        kept.parent.mkdir(exist_ok=True)
        write_durably(kept, data)
    return data

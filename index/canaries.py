"""Fixed pictures whose embeddings are kept with a space: does its encoder still see as it did?

A fingerprint covers weights and preprocessing, not the libraries that compute with them. What a new
version of one changes, or a broken accelerator, shows in the embeddings of these pictures.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image

from .database import Database
from .errors import CorruptError, MismatchError
from .knn import Embeddings
from .records import Space
from .schema import checksum_sql
from .seals import seal

if TYPE_CHECKING:
    from .encoders import Encoder

LEAST_COSINE = 0.9999
_SIZES = ((96, 64), (64, 96), (301, 301))  # lying, standing, scaled down by an odd factor
_LIBRARIES = ("torch", "timm", "pillow", "numpy")

_embedded: WeakKeyDictionary[Encoder, Embeddings] = WeakKeyDictionary()


def canary_pictures() -> list[Image.Image]:
    """Return the pictures: RGB, made of whole numbers alone, the same on every machine.

    Each is a grid of coloured waves with hard edges, so that colour, orientation, scaling and
    padding all leave their mark.

    >>> [picture.size for picture in canary_pictures()]
    [(96, 64), (64, 96), (301, 301)]
    """
    return [_picture(number, *size) for number, size in enumerate(_SIZES, 1)]


def _picture(number: int, width: int, height: int) -> Image.Image:
    x, y = np.arange(width)[None, :], np.arange(height)[:, None]
    red = (x * (3 + number) + y * number) % 256
    green = (x * y // (5 + number)) % 256
    blue = np.where((x // 11 + y // (7 + number)) % 2, 220, 35 * number)
    pixels = np.stack(np.broadcast_arrays(red, green, blue), axis=2).astype(np.uint8)
    return Image.fromarray(pixels)


def keep_canaries(database: Database, space: Space, encoder: Encoder) -> None:
    """Store what an encoder makes of the canary pictures, where a space has none yet."""
    if database.read("SELECT 1 FROM canaries WHERE space_id = ?", (space.space_id,)):
        return
    vectors = _vectors_of(encoder)
    with database.writing(), database.transaction() as connection:
        for number, vector in enumerate(vectors, 1):
            cursor = connection.execute(
                "INSERT INTO canaries (space_id, number, libraries, vector) VALUES (?, ?, ?, ?)",
                (space.space_id, number, _libraries(), vector.tobytes()),
            )
            seal(connection, "canaries", cursor.lastrowid)


def check_canaries(database: Database, space: Space, encoder: Encoder) -> None:
    """Refuse an encoder that no longer makes what it made when a space was filled.

    Args:
        space: one that holds embeddings; without canaries nothing is refused.

    Raises:
        CorruptError: a stored canary is damaged.
        MismatchError: a cosine is below `LEAST_COSINE`.
    """
    found = database.read(
        f"SELECT *, checksum = {checksum_sql('canaries')} AS whole FROM canaries "
        "WHERE space_id = ? ORDER BY number",
        (space.space_id,),
    )
    if not found:
        return
    for record, vector in zip(found, _vectors_of(encoder), strict=True):
        if not record["whole"]:
            raise CorruptError(
                f"{database.folder} holds a damaged canary of space '{space.name}'; "
                "restore a snapshot"
            )
        cosine = float(np.frombuffer(record["vector"], np.float32) @ vector)
        if not cosine >= LEAST_COSINE:
            raise MismatchError(
                f"Encoder '{encoder.name}' has the fingerprint of space '{space.name}' but sees "
                f"otherwise: canary picture {record['number']} comes out at cosine {cosine:.4f}, "
                f"and {LEAST_COSINE} is needed; the space was made with {record['libraries']} and "
                f"this is {_libraries()}: install those, or ingest into another space"
            )


def _vectors_of(encoder: Encoder) -> Embeddings:
    """Return an encoder's embeddings of the canary pictures, made once as long as it lives."""
    if encoder not in _embedded:
        pixels = [encoder.preprocess(picture) for picture in canary_pictures()]
        _embedded[encoder] = encoder.encode_images(np.stack(pixels))
    return _embedded[encoder]


@cache
def _libraries() -> str:
    return ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)

"""Embeddings of the canary pictures, kept with a space, to notice an encoder that has changed.

A fingerprint covers weights and preprocessing, not the libraries that compute with them. What a new
version of one changes, or a broken accelerator, shows in the embeddings of these pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from ..arrays import Embeddings
from ..database.checksums import intact_rows, write_checksum
from ..database.connection import Database
from ..errors import CorruptError, MismatchError
from ..pictures.canaries import LEAST_COSINE, canary_pictures
from .records import Space

if TYPE_CHECKING:
    from ..encoders import Encoder

_LIBRARIES = ("torch", "timm", "pillow", "numpy")

_embedded: WeakKeyDictionary[Encoder, Embeddings] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Canaries:
    """What an encoder made of the canary pictures.

    Attributes:
        vectors: float32 [3, dim].
        libraries: those that it was made with, with their versions, and half precision.
    """

    vectors: Embeddings
    libraries: str


def kept_canaries(database: Database, space: Space) -> Canaries | None:
    """Return the canaries of a space that holds embeddings, where it has any.

    Raises:
        CorruptError: one of them is damaged.
    """
    found = intact_rows(database.read, "canaries", "space_id", space.space_id)
    width = space.dim * np.dtype(np.float32).itemsize
    if (
        found is None
        or len(found) not in (0, len(canary_pictures()))
        or not all(isinstance(r["vector"], bytes) and len(r["vector"]) == width for r in found)
    ):
        raise CorruptError(
            f"{database.folder} holds a damaged canary of space '{space.name}'; restore a snapshot"
        )
    if not found:
        return None
    vectors = [np.frombuffer(record["vector"], np.float32) for record in found]
    return Canaries(np.array(vectors), found[0]["libraries"])


def keep_canaries(database: Database, space: Space, encoder: Encoder) -> None:
    """Store what an encoder makes of the canary pictures, where a space has none yet."""
    if kept_canaries(database, space) is None:
        put_canaries(database, space, Canaries(_vectors_of(encoder), _made_with(encoder)))


def put_canaries(database: Database, space: Space, canaries: Canaries) -> None:
    """Store canaries with a space that has none."""
    with database.writing(), database.transaction() as connection:
        for number, vector in enumerate(canaries.vectors, 1):
            cursor = connection.execute(
                "INSERT INTO canaries (space_id, number, libraries, vector) VALUES (?, ?, ?, ?)",
                (space.space_id, number, canaries.libraries, vector.tobytes()),
            )
            write_checksum(connection, "canaries", cursor.lastrowid)


def check_canaries(database: Database, space: Space, encoder: Encoder) -> None:
    """Refuse an encoder that no longer makes what it made when a space was filled.

    Args:
        space: one that holds embeddings; without canaries nothing is refused.

    Raises:
        CorruptError: a stored canary is damaged.
        MismatchError: a cosine is below `LEAST_COSINE`.
    """
    kept = kept_canaries(database, space)
    if kept is not None:
        require_same(space, kept, encoder.name, Canaries(_vectors_of(encoder), _made_with(encoder)))


def require_same(space: Space, kept: Canaries, name: str, canaries: Canaries) -> None:
    """Refuse canaries that differ from those of a space.

    Args:
        space: whose canaries are `kept`.
        name: the encoder's that made the others.

    Raises:
        MismatchError: a cosine is below `LEAST_COSINE`.
    """
    cosines = np.einsum("ij,ij->i", kept.vectors, canaries.vectors)
    for number, cosine in enumerate(cosines, 1):
        if not cosine >= LEAST_COSINE:
            raise MismatchError(
                f"Encoder '{name}' has the fingerprint of space '{space.name}' but sees "
                f"otherwise: canary picture {number} comes out at cosine {cosine:.4f}, "
                f"and {LEAST_COSINE} is needed; the space was made with {kept.libraries} and "
                f"this is {canaries.libraries}: install those, or ingest into another space"
            )


def _vectors_of(encoder: Encoder) -> Embeddings:
    """Return an encoder's embeddings of the canary pictures, made once for each encoder."""
    if encoder not in _embedded:
        pixels = [encoder.preprocess(picture) for picture in canary_pictures()]
        _embedded[encoder] = encoder.encode_images(np.stack(pixels))
    return _embedded[encoder]


def _made_with(encoder: Encoder) -> str:
    """Return the libraries, and what an encoder computes in where that is not float32."""
    half = encoder.precision != "float32"
    return _libraries() + (f", {encoder.precision} on {encoder.device}" if half else "")


@cache
def _libraries() -> str:
    return ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)

"""Stored pictures through a network in training, as the encoder that it will be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from holotype.index.arrays import Embeddings
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.encoders.composed import Scaled
from holotype.index.encoders.model import Model, Preprocessing
from holotype.index.errors import PictureError
from holotype.index.ingest.stored import encode_stored
from holotype.index.storage.records import Image

from .network import Trained

Progress = Callable[[int, int], None]


def as_encoder(
    network: Trained, preprocessing: Preprocessing, views: int, side: int = 0
) -> Encoder:
    """Return a network as an encoder, as it is at this moment.

    Args:
        side: that it is shown pictures at, in pixels; 0 for that of the preprocessing.
    """
    image = network.encoder_network
    image = Scaled(image, side) if side else image
    return Encoder("trained", Model(image, preprocessing, weights=image), views=views)


def embedded(
    collection: Collection,
    images: Sequence[Image],
    encoder: Encoder,
    progress: Progress | None = None,
) -> Embeddings:
    """Return the embeddings of stored pictures, float32 [n, dim], unit rows.

    Raises:
        PictureError: one cannot be read any more.
    """
    parts: list[Embeddings] = []
    for batch in encode_stored(collection, images, encoder):
        if batch.problems:
            raise PictureError(batch.problems[0].message)
        parts.append(batch.vectors)
        if progress:
            progress(sum(map(len, parts)), len(images))
    return np.concatenate(parts)


def beside(trained: Embeddings, start: Embeddings) -> Embeddings:
    """Return the embeddings of two encoders side by side, each counting alike, unit rows."""
    return (np.concatenate([trained, start], axis=1) * 2**-0.5).astype(np.float32)

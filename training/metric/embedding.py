"""Stored pictures through a network in training, as the encoder that it will be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from holotype.index.arrays import Embeddings
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.encoders.model import Model, Preprocessing
from holotype.index.pictures.reading import LONGEST, read_picture
from holotype.index.runtime import worker_count
from holotype.index.storage.records import Image

from .network import Trained

Progress = Callable[[int, int], None]


def as_encoder(network: Trained, preprocessing: Preprocessing, views: int) -> Encoder:
    """Return a network as an encoder, as it is at this moment."""
    image = network.as_image_network()
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
    alone, size = encoder.alone(), encoder.batch_size
    target = encoder.preprocessing.size * LONGEST

    def work(start: int) -> Embeddings:
        pixels = [
            encoder.preprocess(
                read_picture(collection.picture(image), target=target, name=Path(image.path))
            )
            for image in images[start : start + size]
        ]
        return alone.encode_images(np.stack(pixels))

    parts = []
    with ThreadPoolExecutor(worker_count()) as pool:
        for part in pool.map(work, range(0, len(images), size)):
            parts.append(part)
            if progress:
                progress(sum(map(len, parts)), len(images))
    return np.concatenate(parts)


def beside(trained: Embeddings, start: Embeddings) -> Embeddings:
    """Return the embeddings of two encoders side by side, each counting alike, unit rows."""
    joined: Embeddings = np.concatenate([trained, start], axis=1) / np.float32(2**0.5)
    return joined

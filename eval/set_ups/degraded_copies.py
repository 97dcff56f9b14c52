"""Degraded copies of a gallery's pictures, as embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from holotype.index.arrays import Embeddings
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.pictures.reading import read_picture
from holotype.index.runtime import workers
from holotype.index.storage.records import Image

from .degrade import Degradation, degrade, picture_rng, random_degradation

_STREAM = 1  # keeps the noise apart from that of `add_second_setup` with the same seed


def embed_degraded(
    collection: Collection,
    rows: Sequence[int],
    encoder: Encoder,
    *,
    how: Degradation | None = None,
    seed: int = 0,
    draw: int = 0,
    on_picture: Callable[[int, int], None] | None = None,
) -> Embeddings:
    """Degrade pictures of a collection and embed them.

    Args:
        rows: the images' rows in the collection.
        encoder: that of the space.
        how: the set-up; None draws another one for every picture, see `random_degradation`.
        seed: of the draws.
        draw: which copies; every number gives others.
        on_picture: called with (done, in all).

    Returns:
        float32 [len(rows), dim], unit rows.

    Raises:
        PictureError: a picture is gone or damaged.
    """
    by_row = collection.images_at(rows)
    images = [by_row[row] for row in rows]
    encoder, size = encoder.alone(), encoder.batch_size

    def embed(start: int) -> Embeddings:
        batch = images[start : start + size]
        pictures = (_degraded(collection, image, how, (seed, _STREAM, draw)) for image in batch)
        pixels = [encoder.preprocess(read_picture(data)) for data in pictures]
        return encoder.encode_images(np.stack(pixels))

    parts: list[Embeddings] = []
    with threadpool_limits(1, "blas"), workers() as pool:
        for part in pool.map(embed, range(0, len(images), size)):
            parts.append(part)
            if on_picture:
                on_picture(min(len(parts) * size, len(images)), len(images))
    return np.concatenate(parts)


def _degraded(
    collection: Collection, image: Image, how: Degradation | None, seeds: tuple[int, ...]
) -> bytes:
    rng = picture_rng(image.sha256, *seeds)
    picture = read_picture(collection.picture(image), name=collection.picture_path(image))
    return degrade(picture, how or random_degradation(rng), rng)

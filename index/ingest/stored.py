"""Pictures that are stored already, embedded once more by another encoder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..arrays import Embeddings, Pixels
from ..collection import Collection
from ..encoders import Encoder
from ..errors import HolotypeError
from ..manifests.problems import Problem
from ..pictures.reading import LONGEST, read_picture
from ..storage.canaries import keep_canaries
from ..storage.records import Image, Space
from ..storage.spaces import dropped_if_unused
from .encoding import encoded

Progress = Callable[[int, int], None]

_COMMIT_SECONDS = 1.0


@dataclass(frozen=True)
class Encoded:
    """A batch: images, their embeddings float32 [n, dim], and those that cannot be read."""

    images: list[Image]
    vectors: Embeddings
    problems: list[Problem]


def encode_stored(
    collection: Collection, images: Iterable[Image], encoder: Encoder
) -> Iterator[Encoded]:
    """Embed stored pictures in order, a batch at a time, in threads.

    See `encoded`.
    """
    target = encoder.preprocessing.size * LONGEST

    def decode(batch: Sequence[Image]) -> tuple[tuple[list[Image], list[Problem]], list[Pixels]]:
        good, pixels, problems = [], [], []
        for image in batch:
            try:
                data = collection.picture(image)
                picture = read_picture(data, target=target, name=Path(image.path))
                pixels.append(encoder.preprocess(picture))
                good.append(image)
            except (HolotypeError, OSError) as error:
                problems.append(Problem(0, image.path, str(error), reason="no readable picture"))
        return (good, problems), pixels

    batches = _batches(iter(images), encoder.batch_size)
    for (good, problems), vectors in encoded(batches, decode, encoder):
        yield Encoded(good, vectors, problems)


def _batches(images: Iterator[Image], size: int) -> Iterator[list[Image]]:
    while batch := list(islice(images, size)):
        yield batch


@dataclass
class EmbeddedReport:
    """What was embedded, and one problem for each picture that could not be."""

    embedded: int
    problems: list[Problem]


def embed_stored(
    collection: Collection,
    encoder: Encoder,
    name: str,
    *,
    like: Space,
    on_embed: Progress | None = None,
) -> EmbeddedReport:
    """Embed the pictures of a space into one of another encoder.

    Interrupted, it goes on where it was when it is called again.

    Args:
        name: of the new space, made where there is none.
        like: the space whose pictures are embedded.

    Raises:
        MismatchError: the space belongs to another encoder.
    """
    with collection.writing():
        there = any(known.name == name for known in collection.spaces())
        space = collection.add_space(
            name,
            encoder=encoder.name,
            fingerprint=encoder.fingerprint,
            views=encoder.views,
            dim=encoder.dim,
        )
        with dropped_if_unused(collection.database, name, made=not there):
            keep_canaries(collection.database, space, encoder)
            return _embed(collection, encoder, space, like, on_embed)


def _embed(
    collection: Collection, encoder: Encoder, space: Space, like: Space, on_embed: Progress | None
) -> EmbeddedReport:
    wanted, done = collection.embedded(like), collection.embedded(space)
    images = (
        image
        for image in collection.images()
        if image.image_id in wanted and done.get(image.image_id) != image.sha256
    )
    report = EmbeddedReport(0, [])
    total = len(wanted) - len(done)
    waiting: list[tuple[Image, Embeddings | None]] = []
    committed = time.monotonic()
    try:
        for batch in encode_stored(collection, images, encoder):
            waiting += zip(batch.images, batch.vectors, strict=True)
            report.problems += batch.problems
            report.embedded += len(batch.images)
            if time.monotonic() - committed > _COMMIT_SECONDS:
                collection.store(space, waiting)
                waiting.clear()
                committed = time.monotonic()
            if on_embed:
                on_embed(report.embedded + len(report.problems), total)
    finally:
        collection.store(space, waiting)
    return report

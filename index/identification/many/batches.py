"""Many specimens identified one batch after another: memory stays bounded, a bad picture is told.

While a batch is encoded and judged, the pictures of the next are decoded in threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, Unpack

import numpy as np

from ...arrays import Embeddings, Pixels
from ...collection import Collection
from ...encoders import Encoder
from ...errors import PictureError, UsageError
from ...pictures.inputs import Picture, as_pictures, read_input
from ...pictures.reading import thumbnail
from ...runtime import workers
from ...search.search import require_few_pictures, stored_specimens
from ..answers import Answer
from ..identify import Asked, Options, Pictures, file_names, identify_pictures
from .outcomes import Outcome, Refusal, Specimen, as_specimens

_BATCH = 64  # pictures that are held at once, as the encoder takes them


class _Seen(NamedTuple):
    """A picture as the encoder takes it."""

    views: Pixels
    content: str
    small: bytes | None


@dataclass
class _Decoded:
    """The pictures of a specimen, decoded."""

    specimen: Specimen
    used: list[Picture] = field(default_factory=list)
    seen: list[_Seen] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def identify_each(
    collection: Collection,
    encoder: Encoder,
    specimens: Specimen | Picture | Iterable[Specimen | Picture | Sequence[Picture]],
    *,
    thumbnail_side: int = 0,
    **options: Unpack[Options],
) -> Iterator[Outcome]:
    """Identify any number of specimens and yield what became of each, in their order.

    A picture that cannot be used costs no other its answer.

    Args:
        specimens: each a `Specimen`, or the picture or pictures of one; read as they are needed. A
            picture or `Specimen` by itself is one specimen.
        thumbnail_side: the long side in pixels of the thumbnails to make; 0 makes none.
        options: see `identify`.

    Raises:
        MismatchError: the encoder is not the space's.
        UsageError: an argument is out of range, or something is no picture.
    """
    asked = Asked(**options)
    specimens = as_specimens(specimens)
    collection.check_encoder(asked.space, encoder)
    batches = _batches(specimens)
    with workers() as pool:
        try:
            waiting = _submitted(pool, encoder, next(batches, []), thumbnail_side)
            while waiting:
                decoded = [_collected(specimen, futures) for specimen, futures in waiting]
                waiting = _submitted(pool, encoder, next(batches, []), thumbnail_side)
                yield from _answered(collection, encoder, decoded, options)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _batches(
    specimens: Iterable[Specimen | Picture | Sequence[Picture]],
) -> Iterator[list[Specimen]]:
    batch: list[Specimen] = []
    for one in specimens:
        batch.append(one if isinstance(one, Specimen) else Specimen(as_pictures(one)))
        if sum(len(specimen.pictures) for specimen in batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


_Running = list[tuple[Specimen, list[Future[_Seen | Refusal]]]]


def _submitted(
    pool: ThreadPoolExecutor, encoder: Encoder, batch: list[Specimen], side: int
) -> _Running:
    """Begin to decode the pictures of a batch; those of a specimen with too many are refused."""
    running: _Running = []
    for specimen in batch:
        futures: list[Future[_Seen | Refusal]] = []
        try:
            require_few_pictures(len(specimen.pictures))
        except UsageError as error:
            futures = [_done(Refusal(picture, str(error))) for picture in specimen.pictures]
        else:
            futures = [pool.submit(_seen, encoder, picture, side) for picture in specimen.pictures]
        running.append((specimen, futures))
    return running


def _done(refusal: Refusal) -> Future[_Seen | Refusal]:
    future: Future[_Seen | Refusal] = Future()
    future.set_result(refusal)
    return future


def _seen(encoder: Encoder, picture: Picture, side: int) -> _Seen | Refusal:
    """Return a picture as the encoder takes it, or why it cannot be used."""
    try:
        image, content = read_input(picture, target=encoder.preprocessing.size)
    except (PictureError, UsageError) as error:
        return Refusal(picture, str(error))
    small = thumbnail(image, side) if side else None
    return _Seen(encoder.preprocess(image), content, small)


def _collected(specimen: Specimen, futures: list[Future[_Seen | Refusal]]) -> _Decoded:
    found = _Decoded(specimen)
    for picture, future in zip(specimen.pictures, futures, strict=True):
        outcome = future.result()
        if isinstance(outcome, Refusal):
            found.refused.append(outcome)
        else:
            found.used.append(picture)
            found.seen.append(outcome)
    return found


def _answered(
    collection: Collection, encoder: Encoder, decoded: list[_Decoded], options: Options
) -> Iterator[Outcome]:
    """Yield what became of the specimens of a batch."""
    usable = [one for one in decoded if one.seen]
    answers = iter(_answers(collection, encoder, usable, options) if usable else ())
    for one in decoded:
        small = [seen.small for seen in one.seen if seen.small is not None]
        answer = next(answers) if one.seen else None
        yield Outcome(one.specimen, answer, one.used, one.refused, small)


def _answers(
    collection: Collection, encoder: Encoder, usable: list[_Decoded], options: Options
) -> list[Answer]:
    pixels = [seen.views for one in usable for seen in one.seen]
    vectors = _encoded(encoder, pixels)
    ends = np.cumsum([len(one.seen) for one in usable])[:-1]
    specimens = [
        Pictures(file_names(one.used), rows, [seen.content for seen in one.seen])
        for one, rows in zip(usable, np.split(vectors, ends), strict=True)
    ]
    own = stored_specimens(collection, [one.contents for one in specimens])
    names = [one.specimen.name for one in usable]
    return identify_pictures(collection, specimens, names=names, exclude_specimens=own, **options)


def _encoded(encoder: Encoder, pixels: list[Pixels]) -> Embeddings:
    size = encoder.batch_size
    parts = [
        encoder.encode_images(np.stack(pixels[start : start + size]))
        for start in range(0, len(pixels), size)
    ]
    return np.concatenate(parts)

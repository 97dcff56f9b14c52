"""Jobs that identify many specimens at once, stored or uploaded; the answers are a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from holotype.index.arrays import Codes
from holotype.index.collection import Collection
from holotype.index.encoders import Pixels
from holotype.index.errors import PictureError, UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.identification.answers import Answer
from holotype.index.identification.identify import Asked, Pictures, identify_pictures
from holotype.index.identification.many.rows import COLUMNS, answer_row, refusal_row
from holotype.index.pictures.reading import content_hash
from holotype.index.search.filters import allowed_places, chosen_places
from holotype.index.search.search import stored_specimens
from holotype.index.storage.records import Image

from ...engine import Engine
from ...jobs import Telling, Work
from . import orders
from .tables import job_table

_BATCH = 64  # specimens that are answered together
_MOST_IMAGES = 1000  # of them


class Upload(NamedTuple):
    """A picture that came with a request."""

    name: str
    content: bytes


def identification_work(engine: Engine, space: str, asked: orders.Identify) -> Work:
    """Return the work of identifying the specimens of stored images.

    Raises:
        UsageError: a condition is off, or nothing satisfies it.
    """
    collection = engine.collection
    galleries = collection.gallery_and_source(space)
    gallery = galleries[0]
    _require_options(collection, gallery, asked)
    places = chosen_places(collection, gallery, asked.where)
    if not len(places):
        raise UsageError("where: no stored image satisfies all of it; leave a condition out")
    options = _options(space, asked)

    def work(tell: Telling) -> dict[str, Any]:
        groups = _specimens(gallery, places)
        counted, done = _Counted(), 0
        with job_table(collection, tell.job_id, COLUMNS) as rows:
            tell(0, len(groups))
            for batch in _batches(groups):
                for answer, specimen, pictures in _answered(collection, galleries, batch, options):
                    rows.writerow(answer_row(answer, specimen, pictures))
                    counted.add(answer)
                done += len(batch)
                tell(done, len(groups))
        return {**counted.told(tell.job_id), "deleted_meanwhile": done - counted.ranks.total()}

    return work


def upload_work(
    engine: Engine, space: str, asked: orders.Identify, uploads: Sequence[Upload]
) -> Work:
    """Return the work of identifying uploaded pictures, each of a specimen of its own.

    Raises:
        UsageError: an option is off, or one that is for stored images.
    """
    if asked.where:
        raise UsageError("where is for stored images; leave it out, or send no pictures")
    collection = engine.collection
    _require_options(collection, collection.gallery(space), asked)
    encoder = engine.encoder(space)
    collection.check_encoder(space, encoder)
    options = _options(space, asked)

    def work(tell: Telling) -> dict[str, Any]:
        counted, size = _Counted(), encoder.batch_size
        with job_table(collection, tell.job_id, COLUMNS) as rows:
            tell(0, len(uploads))
            for start in range(0, len(uploads), size):
                good: list[tuple[Upload, Pixels]] = []
                for place, upload in enumerate(uploads[start : start + size], start + 1):
                    try:
                        good.append((upload, engine.pixels(upload.content, space)))
                    except PictureError as error:
                        rows.writerow(refusal_row(upload.name, "", str(error)))
                        counted.refused += 1
                    tell(place, len(uploads))
                for answer in _of_uploads(engine, space, good, options):
                    rows.writerow(answer_row(answer, "", 1))
                    counted.add(answer)
        return counted.told(tell.job_id)

    return work


class _Counted:
    """How many were answered, at which ranks, and how many pictures were refused."""

    def __init__(self) -> None:
        self.ranks: Counter[str] = Counter()
        self.refused = 0

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        found = answer.determination
        self.ranks[found.rank if found else "unknown"] += 1

    def told(self, job_id: str) -> dict[str, Any]:
        """Return the counts, and where the table is."""
        return {
            "answered": self.ranks.total(),
            "refused": self.refused,
            "ranks": dict(self.ranks),
            "table": f"/v1/jobs/{job_id}/table",
        }


def _options(space: str, asked: orders.Identify) -> dict[str, Any]:
    return {"space": space, **asked.model_dump(include={"risk", "prior", "only"})}


def _require_options(collection: Collection, gallery: Gallery, asked: orders.Identify) -> None:
    """Refuse at once what no specimen could be identified with."""
    Asked(risk=asked.risk, prior=asked.prior)
    allowed_places(collection, gallery, asked.only)


def _specimens(gallery: Gallery, places: Codes) -> list[Codes]:
    """Return the places of each specimen, in the order in which specimens come first."""
    codes = gallery.specimens[places]
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    groups = [places[group] for group in np.split(order, ends)]
    return sorted(groups, key=lambda group: int(group[0]))


def _batches(groups: Sequence[Codes]) -> Iterator[list[Codes]]:
    """Yield the places of specimens some at a time, cut where they have many images."""
    batch: list[Codes] = []
    for group in groups:
        batch.append(group)
        if len(batch) == _BATCH or sum(map(len, batch)) >= _MOST_IMAGES:
            yield batch
            batch = []
    if batch:
        yield batch


def _answered(
    collection: Collection,
    galleries: tuple[Gallery, Gallery],
    batch: Sequence[Codes],
    options: dict[str, Any],
) -> Iterator[tuple[Answer, str, int]]:
    """Yield for each of some specimens its answer, its id, and how many pictures it rests on.

    One whose images were deleted meanwhile has none.
    """
    gallery, source = galleries
    rows = [gallery.rows[group].tolist() for group in batch]
    images = collection.images_at([row for group in rows for row in group])
    shown: list[list[Image]] = []
    specimens = []
    for group, own in zip(batch, rows, strict=True):
        there = [place for place, row in enumerate(own) if row in images]
        if there:
            kept = [images[own[place]] for place in there]
            vectors = source.index.rows(group[there])
            contents = [image.sha256 for image in kept]
            specimens.append(Pictures([image.image_id for image in kept], vectors, contents))
            shown.append(kept)
    if not shown:
        return
    answers = identify_pictures(
        collection,
        specimens,
        names=[kept[0].image_id for kept in shown],
        exclude_specimens=[{kept[0].specimen_id} for kept in shown],
        **options,
    )
    for answer, kept in zip(answers, shown, strict=True):
        yield answer, kept[0].specimen_id, len(kept)


def _of_uploads(
    engine: Engine, space: str, good: Sequence[tuple[Upload, Pixels]], options: dict[str, Any]
) -> list[Answer]:
    """Return the answers to pictures that could be decoded."""
    if not good:
        return []
    vectors = engine.encoder(space).encode_images(np.stack([pixels for _, pixels in good]))
    contents = [content_hash(upload.content) for upload, _ in good]
    specimens = [
        Pictures([upload.name], vectors[place : place + 1], [contents[place]])
        for place, (upload, _) in enumerate(good)
    ]
    own = stored_specimens(engine.collection, [[content] for content in contents])
    names = [upload.name or "picture" for upload, _ in good]
    return identify_pictures(
        engine.collection, specimens, names=names, exclude_specimens=own, **options
    )

"""Refusing to measure on a split that gives its answers away."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pictures

from holotype.index.arrays import Codes
from holotype.index.collection import Collection
from holotype.index.errors import HolotypeError, PictureError
from holotype.index.gallery.gallery import Gallery
from holotype.index.pictures.copies import SIDE, Thumbnails, grey_thumbnail
from holotype.index.pictures.reading import read_picture
from holotype.index.storage.records import Image
from holotype.index.ways import option

from ..splits.leakage import Leaks, find_leaks
from ..splits.splits import Split

_NAMED = 3


class LeakError(HolotypeError):
    """Specimens or copies of pictures stand on both sides of a split."""

    title = "Split gives answers away"


def find_leaks_of(collection: Collection, images: Gallery, split: Split) -> Leaks:
    """Return what crosses a split of a gallery: specimens, copies, and near copies.

    Near copies are looked for across a given split only; under leave-one-out the images of a
    specimen are left out anyway, and copies under another specimen's name are still counted.
    """
    stored = _stored(collection, images)
    content = [image.sha256 for image in stored]
    if split.leave_one_out:
        return find_leaks(split, images.specimens, content)
    return find_leaks(
        split,
        images.specimens,
        content,
        phash=np.array([image.phash for image in stored], np.uint64),
        embeddings=collection.vectors(collection.source(images.space)),
        thumbnails=_Thumbnails(collection, stored),
    )


def copies_anywhere(collection: Collection, images: Gallery) -> Leaks:
    """Return the copies and near copies among all images, for `Leaks.unite`.

    What it lists under `specimens` means nothing: every image is on both sides.
    """
    rows = np.arange(len(images))
    return find_leaks_of(collection, images, Split("every pair", rows, rows))


def refuse_leaks(
    collection: Collection, images: Gallery, leaks: Leaks, *, allowable: bool = True
) -> None:
    """Refuse a split that something crosses.

    Args:
        allowable: whether the protocol can also measure without what crosses (--allow-leak).

    Raises:
        LeakError: the message names the first specimens and pictures that cross, and how many.
    """
    if leaks.clean:
        return
    kinds = (
        (leaks.specimens, "specimens that stand on both sides"),
        (leaks.exact, "copies of gallery pictures"),
        (leaks.near, "near copies of gallery pictures"),
    )
    counts = ", ".join(f"{len(pairs)} show {what}" for pairs, what in kinds if len(pairs))
    raise LeakError(
        f"{len(leaks.queries)} of {leaks.n_queries} queries are given away by the gallery: "
        f"{counts} ({_examples(collection, images, leaks)}). Split by specimen"
        + (f", or measure with and without them by {option('allow-leak')}." if allowable else ".")
    )


def _examples(collection: Collection, images: Gallery, leaks: Leaks) -> str:
    pairs = np.concatenate([leaks.specimens, leaks.exact, leaks.near])[:_NAMED]
    by_row = collection.images_at(images.rows[np.unique(pairs)].tolist())
    named = []
    for query, row in pairs:
        asked, held = by_row[int(images.rows[query])], by_row[int(images.rows[row])]
        who = f"specimen {asked.specimen_id}: " if asked.specimen_id == held.specimen_id else ""
        named.append(f"{who}{asked.image_id} and {held.image_id}")
    return "; ".join(named) + (" …" if len(leaks.queries) > len(pairs) else "")


def _stored(collection: Collection, images: Gallery) -> list[Image]:
    """Return the records of a gallery's images, in its order."""
    wanted = set(images.rows.tolist())
    return [image for image in collection.images() if image.row in wanted]


class _Thumbnails:
    """Small grey pictures by place, read once; a picture that is gone is like no other."""

    def __init__(self, collection: Collection, stored: list[Image]) -> None:
        self._collection = collection
        self._stored = stored
        self._read: dict[int, Thumbnails] = {}

    def __call__(self, places: Codes) -> Thumbnails:
        return np.stack([self._thumbnail(int(place)) for place in places])

    def _thumbnail(self, place: int) -> Thumbnails:
        if place not in self._read:
            try:
                data = self._collection.thumbnail(self._stored[place])
                self._read[place] = grey_thumbnail(read_picture(data))
            except PictureError:
                self._read[place] = grey_thumbnail(Pictures.new("L", (SIDE, SIDE)))
        return self._read[place]

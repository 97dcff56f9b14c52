"""The picture that stands for a taxon in a figure: that of its medoid."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np

from ...arrays import Embeddings, Flags, Ids, Pixels
from ...collection import Collection
from ...errors import PictureError
from ..morphospace import Morphospace
from .groups import Groups


def medoid(rows: Embeddings) -> int:
    """Return which of unit rows, float32 [n, dim], has the largest mean cosine to all of them.

    >>> medoid(np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32))
    1
    """
    return int((rows @ rows.mean(axis=0, dtype=np.float64).astype(np.float32)).argmax())


def medoid_pictures(
    collection: Collection,
    shown: Morphospace,
    groups: Groups,
    allowed: Flags | None,
    most: int,
) -> tuple[dict[int, Pixels], list[str]]:
    """Return thumbnails of the largest groups' medoids by the groups' positions.

    Args:
        collection: of the map.
        shown: the map.
        groups: of the images of a figure.
        allowed: bool [n], the images of the figure; None for all.
        most: groups that get one, at most.

    Returns:
        the thumbnails, and the ids of images whose picture is gone.
    """
    places = np.arange(len(shown)) if allowed is None else np.flatnonzero(allowed)
    found: dict[int, Pixels] = {}
    gone = []
    for group, place in _medoids(shown, groups, places, range(min(most, len(groups.names)))):
        row = int(shown.gallery.rows[place])
        for image in collection.images_at([row]).values():
            try:
                found[group] = _pixels(collection.thumbnail(image))
            except PictureError:
                gone.append(image.image_id)
    return found, gone


def _medoids(
    shown: Morphospace, groups: Groups, places: Ids, chosen: Iterable[int]
) -> Iterable[tuple[int, int]]:
    for group in chosen:
        members = places[groups.codes == group]
        yield group, int(members[medoid(shown.gallery.index.rows(members))])


def _pixels(jpeg: bytes) -> Pixels:
    from PIL import Image

    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as opened:
        return np.asarray(opened.convert("RGB"))

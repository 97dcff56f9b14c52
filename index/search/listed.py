"""The images of a collection that satisfy conditions, some at a time, by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from ..arrays import Codes
from ..collection import Collection
from ..storage.records import Image
from .all_images import State, all_images, state_of_images
from .filters import matching

_COUNTS: WeakKeyDictionary[Collection, tuple[State, int]] = WeakKeyDictionary()

_MOST_CHOSEN = 16  # sets of conditions whose images are remembered
_AT_ONCE = 50  # records that are read at once: each may hold thousands of texts
_MOST_CHARACTERS = 4_000_000  # of the texts of a page, which then is a shorter one


@dataclass(frozen=True)
class ImagePage:
    """Some images, by row.

    Attributes:
        total: how many satisfy the conditions.
        next: after which row the others follow; None where there are none.
    """

    images: list[Image]
    total: int
    next: int | None


def listed_images(
    collection: Collection, where: Sequence[str] = (), *, after: int = 0, limit: int = 50
) -> ImagePage:
    """Return images that satisfy every condition, in the order in which they were added.

    Which ones do is worked out once for as long as no image changes. A page whose records are very
    long ends sooner.

    Args:
        where: conditions; see `conditions`.
        after: the `next` of the page before.
        limit: how many at most, from 1 on.

    Raises:
        UsageError: a condition is off; see `filters.matching`.
    """
    collection.require_intact()
    with collection.database.snapshot():
        if where:
            chosen = _chosen(collection, where)
            total, start = len(chosen), int(np.searchsorted(chosen, after, "right"))
            rows = chosen[start : start + limit + 1].tolist()
        else:
            total = _count(collection)
            query = "SELECT row FROM images WHERE row > ? ORDER BY row LIMIT ?"
            found = collection.database.read(query, (after, limit + 1))
            rows = [record[0] for record in found]
        images = _read(collection, rows[:limit])
    return ImagePage(images, total, images[-1].row if len(images) < len(rows) else None)


def _read(collection: Collection, rows: Sequence[int]) -> list[Image]:
    """Return images by their rows, fewer where they are very long; one at least."""
    images: list[Image] = []
    characters = 0
    for start in range(0, len(rows), _AT_ONCE):
        found = collection.images_at(rows[start : start + _AT_ONCE])
        for row in sorted(found):
            image = found[row]
            characters += sum(map(len, (*image.metadata, *image.metadata.values())))
            characters += sum(map(len, image.details.values()))
            if images and characters > _MOST_CHARACTERS:
                return images
            images.append(image)
    return images


def _chosen(collection: Collection, where: Sequence[str]) -> Codes:
    """Return the rows of the images that satisfy conditions, int64 [n], ascending."""
    images = all_images(collection)
    key = tuple(dict.fromkeys(where))
    if key not in images.chosen:
        found = images.rows[matching(collection, images, where, "of the collection")]
        if len(images.chosen) >= _MOST_CHOSEN:
            images.chosen.pop(next(iter(images.chosen), ()), None)
        images.chosen[key] = found
    return images.chosen[key]


def _count(collection: Collection) -> int:
    """Return how many images there are; they are counted once for every change."""
    state = state_of_images(collection.database)
    kept = _COUNTS.get(collection)
    if kept is None or kept[0] != state:
        count = collection.database.read("SELECT count(*) FROM images")[0][0]
        _COUNTS[collection] = kept = (state, int(count))
    return kept[1]

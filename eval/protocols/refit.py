"""A tuned space made anew without what some queries must not have been seen by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from holotype.index.arrays import Codes, Embeddings, Flags
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.identification.kept_calibration import source_vectors
from holotype.index.search.filters import allowed_places
from holotype.training.tuning.tune import tune


class Part(NamedTuple):
    """Images that ask together, and the space that they are measured in.

    Attributes:
        places: int64 [m], of those that ask.
        vectors: float32 [n, dim], unit rows, of all images.
    """

    places: Codes
    vectors: Embeddings


def tuned_anew(
    collection: Collection,
    images: Gallery,
    sides: Codes,
    groups: Codes,
    learned: Flags | None = None,
) -> Iterator[Part]:
    """Yield each side with a space that is tuned without it, its recipe chosen anew as well.

    Args:
        images: the gallery of a tuned space.
        sides: int64 [n], the side of every image; those of side -1 do not ask.
        groups: int64 [n], what stays whole: of a group that a side has an image of, nothing is
            learned.
        learned: bool [n], the images that may be learned from; by default those that the space
            was tuned on, by the conditions of `tune --where`.

    Raises:
        UsageError: what is left of a side is too little to tune on.
    """
    vectors = source_vectors(collection, images)
    species = images.labels("species").codes
    if learned is None:
        learned = _conditions(collection, images)
    for side in np.unique(sides[sides >= 0]):
        places = np.flatnonzero(sides == side)
        rows = np.flatnonzero(learned & ~np.isin(groups, groups[places]))
        try:
            tuned = tune(vectors[rows], species[rows], images.specimens[rows])
        except ValueError as error:
            raise UsageError(
                f"Space '{images.space.name}' cannot be tuned without the images that ask: {error};"
                f" measure '{collection.source(images.space).name}', which it was tuned from"
            ) from error
        yield Part(places, tuned.projection.apply(vectors))


def _conditions(collection: Collection, images: Gallery) -> Flags:
    """Return the images that the conditions of a tuned space name, bool [n]."""
    card = {} if images.projection is None else images.projection.card
    where = [condition for condition in card.get("where") or () if isinstance(condition, str)]
    found = allowed_places(collection, images, where)
    return np.ones(len(images), np.bool_) if found is None else found

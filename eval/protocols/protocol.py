"""Who asks and who answers, as conditions on the images of a collection describe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from holotype.index.arrays import Codes
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.search.filters import allowed_places
from holotype.index.ways import option

from ..splits.splits import Split, leave_one_out


@dataclass(frozen=True)
class Protocol:
    """Who asks and who answers, and the conditions that chose them."""

    split: Split
    query: tuple[str, ...] = ()
    gallery: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What was done."""
        return self.split.name

    @property
    def query_rows(self) -> Codes:
        """Places of the images that ask, int64 [q]."""
        return self.split.query

    @property
    def gallery_rows(self) -> Codes:
        """Places of the images that answer, int64 [g]."""
        return self.split.gallery

    def to_dict(self) -> dict[str, Any]:
        """Return the protocol as JSON-ready values."""
        return {
            "name": self.name,
            "query": list(self.query),
            "gallery": list(self.gallery),
            "n_queries": len(self.query_rows),
            "n_gallery": len(self.gallery_rows),
            "own_specimen_excluded": True,
        }


def protocol_of(
    collection: Collection, images: Gallery, query: Sequence[str], gallery: Sequence[str]
) -> Protocol:
    """Return the protocol that conditions describe: a given split, or without any leave-one-out.

    Raises:
        UsageError: only one of the two sides is given, or a condition is off.
    """
    if bool(query) != bool(gallery):
        raise UsageError(
            f"Give both {option('query')} and {option('gallery')}, for example "
            f"{option('query', 'split=test')} {option('gallery', 'split=train')}; or neither, for "
            "leave-one-out"
        )
    if not query:
        return Protocol(leave_one_out(len(images)))
    sides = [allowed_places(collection, images, side) for side in (query, gallery)]
    asked, held = (np.flatnonzero(side) for side in sides if side is not None)
    split = Split("given split", asked, held, leave_one_out=np.array_equal(asked, held))
    return Protocol(split, tuple(query), tuple(gallery))


def named(collection: Collection, space: str | None) -> Gallery:
    """Return a gallery in which something is named.

    Raises:
        UsageError: nothing is.
    """
    images = collection.gallery(space)
    if not images.ranks:
        raise UsageError(f"No image of {collection.folder} is named, so recall cannot be measured")
    return images


def untuned(collection: Collection, space: str | None, protocol: str) -> Gallery:
    """Return a gallery that was not fitted on the labels it is to be asked for.

    Raises:
        UsageError: the space is tuned, or nothing is named.
    """
    images = named(collection, space)
    if images.projection is not None:
        raise UsageError(
            f"Space '{images.space.name}' was fitted on labels of images that would ask under "
            f"{protocol}; measure the space that it was tuned from, or a given split whose gallery "
            "it was tuned on"
        )
    return images

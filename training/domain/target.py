"""Pictures of another imaging set-up, which training sees without their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.search.filters import allowed_places, chosen_places

from ..names import require_known
from .config import DomainConfig
from .terms import TERMS, DomainTerm

_STREAM = 11  # keeps the order of the target apart from other draws with the same seed


@dataclass(frozen=True, eq=False)
class Target:
    """Unlabelled pictures.

    Attributes:
        sha256s: of their files, for the record of what was seen; nothing else is kept of them.
        pixels: uint8 [m, side, side, 3], squares.
        problems: one sentence for each picture that cannot be read.
    """

    sha256s: list[str]
    pixels: NDArray[np.uint8]
    problems: list[str]


@dataclass(frozen=True, eq=False)
class Pull:
    """What draws a labelled source towards a target in every step.

    Attributes:
        pixels: uint8 [m, side, side, 3], pictures of the target.
        term: what the loss gets beside it.
        batch: pictures of the target a step.
        seed: of their order.
    """

    pixels: NDArray[np.uint8]
    term: DomainTerm
    batch: int
    seed: int

    def rows(self, seen: int) -> Codes:
        """Return the pictures of the step that begins when `seen` pictures have been seen.

        They follow from that number alone, so that a run which was interrupted goes on with those
        that it would have seen.
        """
        random = np.random.default_rng([self.seed, _STREAM, seen])
        there = len(self.pixels)
        chosen: Codes = random.choice(there, min(self.batch, there), replace=False, shuffle=False)
        return chosen


def target_places(collection: Collection, gallery: Gallery, config: DomainConfig) -> Codes:
    """Return the places of the images that are seen without their names, int64 [m], ascending.

    Raises:
        UsageError: the method is not known, a condition is off, or no image satisfies them.
    """
    if not config.method:
        return np.empty(0, np.int64)
    require_known(config.method, TERMS, "domain method")
    allowed = allowed_places(collection, gallery, config.target)
    places = np.empty(0, np.int64) if allowed is None else np.flatnonzero(allowed)
    if not len(places):
        raise UsageError(
            f"No image is {' and '.join(config.target)}, so there is no target to learn from; give "
            "other conditions under [domain] target"
        )
    return places


def named_places(
    collection: Collection, gallery: Gallery, where: Sequence[str], config: DomainConfig
) -> Codes:
    """Return the places of the images whose names are learned, int64 [n]: none of the target's.

    Raises:
        UsageError: see `target_places`.
    """
    named = chosen_places(collection, gallery, where)
    return np.setdiff1d(named, target_places(collection, gallery, config))

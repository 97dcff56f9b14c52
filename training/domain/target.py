"""Pictures of another imaging set-up, which training sees without their names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes
from holotype.index.storage.records import Image

from .terms import DomainTerm

_STREAM = 11  # keeps the order of the target apart from other draws with the same seed


@dataclass(frozen=True, eq=False)
class Target:
    """Unlabelled pictures.

    Attributes:
        images: what is stored of each; only its file is looked at.
        pixels: uint8 [m, side, side, 3], squares.
        problems: one sentence for each picture that cannot be read.
    """

    images: list[Image]
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

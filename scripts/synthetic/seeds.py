"""Random numbers that depend on what they are for, never on the order of work."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

LARGEST = (1 << 32) - 1
"""The largest seed."""


class Stream(IntEnum):
    """What random numbers are for. Leading, because SeedSequence ignores trailing zeros."""

    SPECIES = 1
    SPECIMEN = 2
    PICTURE = 3
    PLAN = 4
    TRAY = 5


def generator(stream: Stream, *key: int) -> np.random.Generator:
    """Return the generator of a stream and key, such as (seed, species, specimen).

    >>> float(generator(Stream.PLAN, 0, 3).random()) == float(generator(Stream.PLAN, 0, 3).random())
    True
    """
    return np.random.default_rng(np.random.SeedSequence((int(stream), *key)))

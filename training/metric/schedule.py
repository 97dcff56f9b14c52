"""How far a run is, and what that means for the learning rate and for the size of pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .config import ScheduleConfig

_LAST_RATE = 1e-3  # share of the largest rate at the end


@dataclass(frozen=True)
class Plan:
    """How much a run may take: it ends with whichever is used up first.

    Attributes:
        pictures: seen in all.
        seconds: of training alone; 0 for no bound.
    """

    pictures: int
    seconds: float = 0.0

    def done(self, seen: int, seconds: float) -> float:
        """Return how far a run is, 0 to 1.

        >>> Plan(100, 10.0).done(50, 8.0)
        0.8
        """
        timed = seconds / self.seconds if self.seconds else 0.0
        return min(1.0, max(seen / self.pictures, timed))


def rate_at(done: float, config: ScheduleConfig) -> float:
    """Return the learning rate as a share of the largest: up in a line, down along a cosine.

    "One cycle", Smith and Topin 2018, arXiv 1708.07120.

    >>> config = ScheduleConfig(warm_up=0.5, first_rate=0.0)
    >>> [round(rate_at(done, config), 2) for done in (0.0, 0.25, 0.5, 0.75, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if done < config.warm_up:
        return config.first_rate + (1 - config.first_rate) * done / config.warm_up
    falling = (done - config.warm_up) / (1 - config.warm_up)
    return _LAST_RATE + (1 - _LAST_RATE) * (1 + math.cos(math.pi * falling)) / 2


def size_at(done: float, config: ScheduleConfig, own: int) -> int:
    """Return the side of the pictures in pixels: the encoder's own, or else a multiple of 32.

    >>> config = ScheduleConfig(sizes=(0.6, 1.0), shares=(0.5, 1.0))
    >>> [size_at(done, config, 224) for done in (0.0, 0.49, 0.51, 1.0)]
    [128, 128, 224, 224]
    """
    pairs = zip(config.sizes, config.shares, strict=True)
    return side_of(next(size for size, share in pairs if done <= share), own)


def side_of(size: float, own: int) -> int:
    """Return a share of a side in pixels: that side itself for 1, or else a multiple of 32."""
    return own if size == 1 else max(32, 32 * round(size * own / 32))

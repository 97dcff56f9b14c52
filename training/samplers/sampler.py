"""What all samplers have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from holotype.index.arrays import Codes, Ids
from holotype.index.errors import UsageError
from holotype.index.ways import option


class Sampler(ABC):
    """Batches of rows, the same for the same seed and epoch.

    Args:
        labels: int64 [n], classes; a row with -1 is never drawn.
        batch: the most rows of a batch.
        per_class: rows of a class in a batch, where that is fixed.
        seed: of everything drawn.

    Raises:
        UsageError: no row has a class, or a batch would hold fewer than two rows.
    """

    def __init__(self, labels: Codes, batch: int, per_class: int, seed: int) -> None:
        if batch < 2:
            raise UsageError(f"batches.batch is {batch}; a batch has at least 2 images")
        self.rows = np.flatnonzero(labels >= 0)
        if not len(self.rows):
            raise UsageError(
                f"None of {len(labels)} images has a name to learn from; add determinations, or "
                f"widen {option('where')}"
            )
        self.batch, self.per_class, self.seed = batch, per_class, seed
        _, of = np.unique(labels[self.rows], return_inverse=True)
        order = np.argsort(of, kind="stable")
        ends = np.cumsum(np.bincount(of))[:-1]
        self.members: list[Ids] = np.split(self.rows[order], ends)
        self._last: tuple[int, list[Ids]] | None = None

    def epoch(self, number: int) -> list[Ids]:
        """Return the batches of an epoch, int64 each, of at most `batch` rows."""
        if self._last is None or self._last[0] != number:  # asked for again at every step
            self._last = number, self._draw(number)
        return self._last[1]

    @abstractmethod
    def _draw(self, number: int) -> list[Ids]: ...

    def _random(self, number: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, number))


def cut(rows: Ids, most: int) -> list[Ids]:
    """Return rows in parts of at most so many, whose sizes differ by one at most.

    >>> [len(part) for part in cut(np.arange(9), 4)]
    [3, 3, 3]
    """
    return np.array_split(rows, -(-len(rows) // most))

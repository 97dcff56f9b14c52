"""Every image once an epoch, in any order."""

from __future__ import annotations

from holotype.index.arrays import Ids

from .sampler import Sampler, cut


class RandomSampler(Sampler):
    """Every image once an epoch."""

    def _draw(self, number: int) -> list[Ids]:
        return cut(self._random(number).permutation(self.rows), self.batch)

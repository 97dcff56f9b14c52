"""Every class as often as any other."""

from __future__ import annotations

import numpy as np

from holotype.index.arrays import Ids

from .sampler import Sampler, cut
from .turns import turn


class BalancedSampler(Sampler):
    """Every class the same number of times, an epoch as long as there are images, rounded up.

    Images of a class take turns: a small class shows each several times an epoch, a large one
    goes on in the next epoch where it stopped.
    """

    def _draw(self, number: int) -> list[Ids]:
        each = -(-len(self.rows) // len(self.members))
        drawn = [
            turn(rows, number * each + place, 1, (self.seed, code))
            for code, rows in enumerate(self.members)
            for place in range(each)
        ]
        return cut(self._random(number).permutation(np.concatenate(drawn)), self.batch)

"""Batches of a few classes with several images of each."""

from __future__ import annotations

import numpy as np

from holotype.index.arrays import Codes, Ids
from holotype.index.errors import UsageError
from holotype.index.ways import option

from .sampler import Sampler, cut
from .turns import turn


class PerClassSampler(Sampler):
    """`batch // per_class` classes a batch, `per_class` different images of each.

    An epoch is as many rounds as show at least as many images as there are. In a round every class
    has its turn once, and its images take turns from round to round. A class with fewer images than
    `per_class` gives all that it has: no image stands twice in a batch.

    Raises:
        UsageError: a batch would hold one class only, or there is only one.
    """

    def __init__(self, labels: Codes, batch: int, per_class: int, seed: int) -> None:
        super().__init__(labels, batch, per_class, seed)
        if not 1 <= per_class <= batch // 2:
            raise UsageError(
                f"batches.per_class is {per_class} in batches of {batch}; a batch holds at least "
                f"two classes, so set it to {batch // 2} or less, from 1 up"
            )
        if len(self.members) < 2:
            raise UsageError(
                f"All {len(self.rows)} images to learn from have one name; a batch needs two "
                f"names: add images or widen {option('where')}"
            )
        shown = sum(min(per_class, len(rows)) for rows in self.members)
        self.rounds = -(-len(self.rows) // shown)

    def _draw(self, number: int) -> list[Ids]:
        first = number * self.rounds
        return [batch for place in range(self.rounds) for batch in self._round(first + place)]

    def _round(self, number: int) -> list[Ids]:
        order = self._random(number).permutation(len(self.members))
        parts = cut(order, self.batch // self.per_class)
        parts = [part if len(part) > 1 else np.append(part, order[0]) for part in parts]
        return [np.concatenate([self._turn(code, number) for code in part]) for part in parts]

    def _turn(self, code: int, number: int) -> Ids:
        return turn(self.members[code], number, self.per_class, (self.seed, int(code)))

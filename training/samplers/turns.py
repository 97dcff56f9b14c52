"""Pictures of a class take turns, over epochs, so that none waits longer than another."""

from __future__ import annotations

import numpy as np

from holotype.index.arrays import Ids


def turn(rows: Ids, number: int, count: int, key: tuple[int, ...]) -> Ids:
    """Return the rows of a class that it is the turn of.

    The class goes through all its rows in one order, then in another; where a group is not full
    at the end of an order, the first of that order fill it. So a group has no row twice, and after
    `ceil(n / count)` turns every row was there.

    Args:
        rows: int64 [n], of one class.
        number: of the turn, from 0.
        count: rows of a turn; a smaller class gives all that it has.
        key: what the orders are drawn by.

    >>> sorted({int(row) for number in (0, 1) for row in turn(np.arange(5), number, 3, (0,))})
    [0, 1, 2, 3, 4]
    """
    count = min(count, len(rows))
    turns = -(-len(rows) // count)
    order = np.random.default_rng((*key, number // turns)).permutation(rows)
    return order[(np.arange(count) + number % turns * count) % len(rows)]

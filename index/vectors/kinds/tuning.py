"""How hard an approximate index must look: the cheapest effort that finds what exact search finds.

Measured when an index is built, on rows that are held out of their own answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...arrays import Allowed, Embeddings, Ids
from .. import faiss_calls as library
from ..exact import best, nearest
from ..selection import Asked, Selection

TARGET = 0.98
TUNED_AT = 10  # recall is measured at this k
_HELD_OUT = 512
_SEED = 0

Find = Callable[[Asked, int, int], Ids]


@dataclass(frozen=True)
class Level:
    """What a search must spend where a share of the rows near it may be returned.

    Attributes:
        share: of the rows near a query, in (0, 1].
        effort: lists probed, or nodes visited.
        factor: candidates per hit that are scored again.
        recall: mean recall@10 that this reached, in [0, 1].
    """

    share: float
    effort: int
    factor: int
    recall: float


@dataclass(frozen=True)
class Plan:
    """What may be tuned: efforts and factors to try, ascending, and what a choice costs."""

    efforts: Sequence[int]
    factors: Sequence[int]
    shares: Sequence[float]
    cost: Callable[[int, int], float]


def tune(rows: Embeddings, find: Find, plan: Plan) -> tuple[Level, ...]:
    """Return one level for every share of a plan at which candidates can reach `TARGET`.

    Args:
        rows: float32 [n, dim], the indexed rows.
        find: gives candidates, int64 [q, count], nearest first by the codes, of what is asked,
            an effort and a count.

    Returns:
        levels by falling share; none below the first share at which the target is out of reach.
    """
    rng = np.random.default_rng(_SEED)
    held = held_out(len(rows))
    levels: list[Level] = []
    for share in plan.shares:
        allowed = rng.random(len(rows)) < share
        allowed[held] = False
        level = _cheapest(rows, rows[held], allowed, find, plan, share)
        if level is None:
            break
        levels.append(level)
        # The next one also serves the shares up to this, where candidates lie denser.
        plan = _without_less(plan, level)
    return tuple(levels)


def _without_less(plan: Plan, level: Level) -> Plan:
    """Return a plan without efforts and factors below those of a level."""
    efforts = [effort for effort in plan.efforts if effort >= level.effort]
    factors = [factor for factor in plan.factors if factor >= level.factor]
    return replace(plan, efforts=efforts, factors=factors)


def held_out(count: int) -> Ids:
    """Return the rows that ask when an index is tuned; nothing may be trained on them."""
    rng = np.random.default_rng(_SEED)
    return rng.choice(count, min(_HELD_OUT, count // 8), replace=False)


def level_for(levels: Sequence[Level], share: float) -> int:
    """Return the place of the level for a share of allowed rows, -1 where none reaches so far.

    >>> levels = [Level(1, 8, 20, 0.99), Level(0.1, 64, 20, 0.98)]
    >>> [level_for(levels, share) for share in (1, 0.85, 0.3, 0.1, 0.01)]
    [0, 0, 1, 1, -1]
    """
    fitting = [place for place, level in enumerate(levels) if share >= 0.8 * level.share]
    return fitting[0] if fitting else -1


def recall(found: Ids, truth: Ids) -> tuple[float, float]:
    """Return the mean share of the true neighbours that were found, and its standard error.

    >>> recall(np.array([[1, 2], [3, 9]]), np.array([[2, 1], [3, 4]]))
    (0.75, 0.25)
    """
    shares = (truth[:, :, None] == found[:, None, :]).any(axis=2).mean(axis=1)
    return float(shares.mean()), float(shares.std() / np.sqrt(max(len(shares) - 1, 1)))


def _cheapest(
    rows: Embeddings, queries: Embeddings, allowed: Allowed, find: Find, plan: Plan, share: float
) -> Level | None:
    asked = Asked(queries, Selection(allowed))
    _, truth = nearest(rows, queries, TUNED_AT, asked.chosen)
    cheapest: Level | None = None
    for effort in plan.efforts:
        if cheapest and plan.cost(effort, plan.factors[0]) >= _cost(plan, cheapest):
            break
        ids = find(asked, effort, TUNED_AT * plan.factors[-1])
        scores = library.score(rows, queries, ids)
        for level, error in _levels(scores, ids, truth, plan, share, effort):
            # Twice the error keeps a lucky sample from choosing an effort that is too small.
            if level.recall - 2 * error >= TARGET:
                if cheapest is None or _cost(plan, level) < _cost(plan, cheapest):
                    cheapest = level
                break
    return cheapest


def _levels(
    scores: Embeddings, ids: Ids, truth: Ids, plan: Plan, share: float, effort: int
) -> Iterator[tuple[Level, float]]:
    """Yield what each factor reaches: a smaller one scores fewer of the same candidates."""
    for factor in plan.factors:
        kept = slice(0, TUNED_AT * factor)
        _, found = best(scores[:, kept], ids[:, kept], TUNED_AT)
        reached, error = recall(found, truth)
        yield Level(share, effort, factor, reached), error


def _cost(plan: Plan, level: Level) -> float:
    return plan.cost(level.effort, level.factor)

"""Samplers by name. A new one is a class in a file of its own and one line here."""

from __future__ import annotations

from holotype.index.arrays import Codes

from ..names import require_known
from .balanced import BalancedSampler
from .per_class import PerClassSampler
from .random import RandomSampler
from .sampler import Sampler

SAMPLERS: dict[str, type[Sampler]] = {
    "random": RandomSampler,
    "balanced": BalancedSampler,
    "per-class": PerClassSampler,
}


def names() -> list[str]:
    """Return the samplers by name."""
    return list(SAMPLERS)


def make_sampler(name: str, labels: Codes, batch: int, per_class: int, seed: int) -> Sampler:
    """Return a sampler by its name.

    Args:
        labels: int64 [n], classes; rows with -1 are never drawn.
        batch: the most rows of a batch.
        per_class: rows of a class in a batch, for samplers that fix it.
        seed: of everything drawn.

    Raises:
        UsageError: no such sampler, or one that cannot work with these numbers.
    """
    require_known(name, SAMPLERS, "sampler")
    return SAMPLERS[name](labels, batch, per_class, seed)

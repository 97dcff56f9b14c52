"""Independent parts of a fit side by side, a core each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

from holotype.index.runtime import worker_count

_Result = TypeVar("_Result")


def on_all_cores(function: Callable[..., _Result], *parts: Iterable[object]) -> list[_Result]:
    """Return `function` of every part, in order, as `map` does.

    Every part computes on one core: matrices of this size gain little from two, and the BLAS
    libraries of numpy and scipy would fight for them.
    """
    with threadpool_limits(1), ThreadPoolExecutor(worker_count()) as pool:
        return list(pool.map(function, *parts))

"""Independent parts of a fit side by side, a core each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from threadpoolctl import threadpool_limits

from holotype.index.runtime import workers

_Result = TypeVar("_Result")


def on_all_cores(
    function: Callable[..., _Result],
    *parts: Iterable[object],
    threads: int | None = None,
    part_done: Callable[[], None] | None = None,
) -> list[_Result]:
    """Return `function` of every part, in order, as `map` does.

    Every part computes on one core: matrices of this size gain little from two, and the BLAS
    libraries of numpy and scipy would fight for them.

    Args:
        function: may raise, which ends the work once the parts that are begun are done.
        parts: its arguments.
        threads: how many parts are worked on at once; by default one a core.
        part_done: is called after every part, and may raise as well.
    """

    def told(*part: object) -> _Result:
        found = function(*part)
        if part_done is not None:
            part_done()
        return found

    with threadpool_limits(1), workers(threads) as pool:
        return list(pool.map(told, *parts))

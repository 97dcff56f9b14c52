"""Independent jobs over processes, or in this one when they are few."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from holotype.index.runtime import worker_count

Progress = Callable[[int, int], None]
Job = TypeVar("Job")
Result = TypeVar("Result")


def run_jobs(
    work: Callable[[Job], Result], jobs: Sequence[Job], workers: int | None, *, few: int
) -> Iterator[Result]:
    """Yield the results in the order of the jobs.

    Args:
        work: a function that can be pickled.
        workers: processes; None takes one a core, 1 stays in this process.
        few: number of jobs that is not worth starting processes for.
    """
    count = workers or worker_count()
    if count == 1 or len(jobs) < few:
        yield from map(work, jobs)
        return
    # Spawned, because a fork of a process with threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        chunk = min(max(len(jobs) // (16 * count), 1), 8)
        try:
            yield from pool.map(work, jobs, chunksize=chunk)
        finally:
            pool.shutdown(cancel_futures=True)

"""Batches decoded in threads and encoded in order, wherever the encoder's device is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from ..arrays import Embeddings, Pixels
from ..encoders import Encoder
from ..runtime import worker_count, workers

Task = TypeVar("Task")
Kept = TypeVar("Kept")

_Begun = tuple[Kept, Callable[[], Embeddings]]

_AHEAD = 2  # batches of each worker that are under way


def encoded(
    tasks: Iterable[Task],
    decode: Callable[[Task], tuple[Kept, list[Pixels]]],
    encoder: Encoder,
) -> Generator[tuple[Kept, Embeddings], None, None]:
    """Decode and encode batches side by side; yield them in the order of the tasks.

    On a CPU every thread encodes what it has decoded, on one core. Any other device is fed by the
    calling thread while the others decode: each new thread that feeds a GPU has it prepare its
    libraries anew, which takes seconds, and they wait for each other.

    Args:
        tasks: one a batch; only a few are taken ahead.
        decode: returns what to keep of a task and its pictures, uint8 [views, size, size, 3] each;
            called in several threads.

    Yields:
        what was kept, and the embeddings of its pictures: float32 [n, dim], unit rows; of no
        pictures float32 [0, 0].
    """
    encoder = encoder.alone()
    lag = 1 if encoder.single_feeder else 0  # batches that a device works on meanwhile
    ahead = iter(tasks)
    running: deque[Future[Callable[[], _Begun[Kept]]]] = deque()
    with threadpool_limits(1, "blas"), workers() as pool:

        def work(task: Task) -> Callable[[], _Begun[Kept]]:
            begin = partial(_begin, decode(task), encoder)
            if encoder.single_feeder:
                return begin
            begun = begin()
            return lambda: begun

        def submit(count: int) -> None:
            running.extend(pool.submit(work, task) for task in islice(ahead, count))

        try:
            submit(_AHEAD * worker_count())
            begun = deque[_Begun[Kept]]()
            while running:
                begun.append(running.popleft().result()())
                submit(1)
                if len(begun) > lag:
                    yield _finished(begun.popleft())
            yield from map(_finished, begun)
        finally:
            for future in running:
                future.cancel()
            pool.shutdown(wait=False, cancel_futures=True)


def _begin(decoded: tuple[Kept, list[Pixels]], encoder: Encoder) -> _Begun[Kept]:
    kept, pixels = decoded
    if not pixels:
        return kept, lambda: np.empty((0, 0), np.float32)
    return kept, encoder.begin_images(np.stack(pixels))


def _finished(begun: _Begun[Kept]) -> tuple[Kept, Embeddings]:
    kept, finish = begun
    return kept, finish()

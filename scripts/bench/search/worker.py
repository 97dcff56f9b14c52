"""One engine in a process of its own, which answers what it is asked to measure."""

from __future__ import annotations

import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from holotype.index.arrays import Allowed, Embeddings, Ids
from holotype.index.runtime import prepare
from holotype.index.vectors.kinds.tuning import recall

from .engines import ENGINES, Engine, Holotype

K = 10
_TUNED_ON = 200


@dataclass(frozen=True)
class Timed:
    """Wall times of single queries in seconds, CPU seconds of all of them, recall@10."""

    walls: list[float]
    cpu: float
    recall: float


def build(name: str, data: Path, folder: Path, link: Connection) -> None:
    """Build an engine's index and send the CPU and wall seconds it took."""
    prepare()
    vectors = np.load(data / "vectors.npy")
    filters = dict(np.load(data / "filters.npz"))
    cpu, wall = time.process_time(), time.perf_counter()
    ENGINES[name]().build(vectors, filters, folder)
    link.send((time.process_time() - cpu, time.perf_counter() - wall))


def serve(name: str, data: Path, folder: Path, link: Connection) -> None:
    """Open what was built, choose the effort, then measure on request until None comes."""
    prepare()
    engine = ENGINES[name]()
    vectors: Embeddings = np.load(data / "vectors.npy", mmap_mode="r")
    queries: Embeddings = np.load(data / "queries.npy")
    truth: dict[str, Ids] = dict(np.load(data / "truth.npz"))
    before, start = _memory(), time.perf_counter()
    engine.open(vectors, folder)
    for query in queries[:3]:
        engine.search(query[None], K, engine.efforts[0], None)
    opened, opening = time.perf_counter() - start, _memory()
    effort = _effort(engine, queries[:_TUNED_ON], truth["all"][:_TUNED_ON])
    answer = {"opened_s": opened, "anonymous_mb": opening[0] - before[0], "effort": effort}
    if type(engine) is Holotype and engine.index.card["levels"]:
        answer["layer_us"] = _layer(engine, queries)
    link.send(answer)
    while (asked := link.recv()) is not None:
        link.send(_measure(engine, queries, truth, effort, *asked))
    link.send(sum(_memory()) - sum(before))


def _measure(
    engine: Engine,
    queries: Embeddings,
    truth: dict[str, Ids],
    effort: int,
    only: str | None,
    count: int,
    batch: bool,
) -> Any:
    if batch:
        start = time.perf_counter()
        found = engine.search(queries, K, effort, None)
        rate = len(queries) / (time.perf_counter() - start)
        return rate, recall(found, truth["all"])[0]
    walls, answers, cpu = [], [], time.process_time()
    for query in queries[:count]:
        start = time.perf_counter()
        answers.append(engine.search(query[None], K, effort, only))
        walls.append(time.perf_counter() - start)
    cpu = time.process_time() - cpu
    return Timed(walls, cpu, recall(np.vstack(answers), truth[only or "all"][:count])[0])


def _layer(engine: Holotype, queries: Embeddings) -> float:
    """Return what our layer adds to FAISS's own calls: microseconds, median of a query's extra."""
    extra = []
    for query in queries[:_TUNED_ON]:
        times = [time.perf_counter()]
        for call in (engine.bare, engine.index.search, engine.bare, engine.index.search):
            call(query[None], K)
            times.append(time.perf_counter())
        took = np.diff(times)
        extra.append(took[3] - took[2])  # the first two only warm the caches
    return 1e6 * float(np.median(extra))


def _effort(engine: Engine, queries: Embeddings, truth: Ids) -> int:
    """Return the smallest effort that reaches the target, or the largest."""
    for effort in engine.efforts:
        found = np.vstack([engine.search(query[None], K, effort, None) for query in queries])
        if recall(found, truth)[0] >= engine.target:
            return effort
    return engine.efforts[-1]


def _memory() -> tuple[float, float]:
    """Return the process's anonymous memory and the pages of files it has touched, in MB."""
    status = Path("/proc/self/status").read_text()
    anonymous, file = (
        int(status.partition(f"{kind}:")[2].split()[0]) / 1024 for kind in ("RssAnon", "RssFile")
    )
    return anonymous, file


def truth_of(
    vectors: Embeddings, queries: Embeddings, filters: dict[str, Allowed]
) -> dict[str, Any]:
    """Return the exact neighbours int64 [q, 10] under every filter, and under none as "all"."""
    from holotype.index.vectors.exact import nearest

    exact = {name: nearest(vectors, queries, K, mask)[1] for name, mask in filters.items()}
    return {"all": nearest(vectors, queries, K)[1], **exact}

"""Contenders measured in turns, because the machine may be shared."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Cost(NamedTuple):
    """Seconds a piece of work: medians over the rounds, and the best round."""

    wall: float
    cpu: float
    best_wall: float
    best_cpu: float


class Spent(NamedTuple):
    """Seconds that a contender measured itself, in a process of its own."""

    wall: float
    cpu: float


def measure(
    contenders: Mapping[str, Callable[[], object]], rounds: int, *, pieces: int = 1
) -> dict[str, Cost]:
    """Run every contender once a round, after one round that does not count.

    Args:
        contenders: what runs, by name; one that returns `Spent` has measured itself.
        rounds: how often.
        pieces: pictures that one run handles; costs are of one.

    Returns:
        The cost of each; CPU time includes worker processes that have ended.
    """
    for contender in contenders.values():
        contender()
    walls: dict[str, list[float]] = {name: [] for name in contenders}
    cpus: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            wall, cpu = time.perf_counter(), _cpu()
            done = contender()
            spent = Spent(time.perf_counter() - wall, _cpu() - cpu)
            spent = done if isinstance(done, Spent) else spent
            walls[name].append(spent.wall / pieces)
            cpus[name].append(spent.cpu / pieces)
    return {
        name: Cost(
            statistics.median(walls[name]),
            statistics.median(cpus[name]),
            min(walls[name]),
            min(cpus[name]),
        )
        for name in contenders
    }


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)

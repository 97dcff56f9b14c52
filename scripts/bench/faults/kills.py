"""kill -9 at random instants while four processes write: is what was acknowledged there?"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from holotype.index.collection import Collection
from holotype.index.upkeep.info import verify

from .plain import make, stored
from .writer import State, replay, settle, write

WRITERS = 4


@dataclass
class Kills:
    """What killing did.

    Attributes:
        acknowledged: steps that were acknowledged.
        faults: one sentence for every image that is not as it was acknowledged, and all damage.
        ready: seconds from opening to a verified database and a first gallery, after every round.
    """

    kills: int = 0
    acknowledged: int = 0
    faults: list[str] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)


def kill_writers(folder: Path, rounds: int, *, seed: int = 0, store: str = "") -> Kills:
    """Start four writers and kill each at an instant of its own; look; and again.

    Args:
        folder: holds the collection and the writers' logs; must be empty.
        store: where the vectors lie, as in `Collection.create`.
    """
    rng = random.Random(seed)  # noqa: S311
    found, collection = Kills(), folder / "collection"
    logs = [folder / f"writer-{number}.log" for number in range(WRITERS)]
    make(collection, 1, store)  # a collection that is never empty
    for turn in range(rounds):
        _run_and_kill(collection, logs, WRITERS * (turn + seed * rounds), rng)
        found.kills += WRITERS
        _look(collection, logs, found)
    found.acknowledged = sum(log.read_text().count("done") for log in logs)
    return found


def _run_and_kill(folder: Path, logs: list[Path], seed: int, rng: random.Random) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.writer"])
    before = [_size(log) for log in logs]
    writers = [
        context.Process(target=write, args=(folder, log, number, seed + number + 1))
        for number, log in enumerate(logs)
    ]
    try:
        for writer in writers:
            writer.start()
        while any(size == _size(log) for log, size in zip(logs, before, strict=True)):
            _require_alive(writers)
            time.sleep(0.001)
        for writer in rng.sample(writers, len(writers)):
            time.sleep(rng.uniform(0, 0.1))
            _require_alive([writer])
            writer.kill()
    finally:
        for writer in writers:
            writer.kill()
            writer.join()


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _require_alive(writers: Sequence[BaseProcess]) -> None:
    if not all(writer.is_alive() for writer in writers):
        raise RuntimeError("a writer ended by itself; its error stands above")


def _look(folder: Path, logs: list[Path], found: Kills) -> None:
    """Hold a collection against the logs of its writers."""
    start = time.perf_counter()
    with Collection.open(folder) as collection:
        held = stored(collection)
        found.ready.append(time.perf_counter() - start)
        found.faults += verify(collection).errors
    for number, log in enumerate(logs):
        own = {name: held[name] for name in held if name.startswith(f"{number}-")}
        known, possible = replay(log)
        settle(log, committed=own == possible)
        if own not in (known, possible):
            found.faults.append(f"{log.name}: {_difference(own, known)}")


def _difference(held: State, known: State) -> str:
    names = sorted(name for name in held.keys() | known if held.get(name) != known.get(name))
    return ", ".join(f"{name}: {held.get(name)}, not {known.get(name)}" for name in names)

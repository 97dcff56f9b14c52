"""A process that writes to a collection without pause and notes what was acknowledged."""

from __future__ import annotations

import random
import time
from pathlib import Path

from holotype.index.collection import Collection
from holotype.index.errors import LockedError

from .plain import put

IDS = 12  # images that a writer stores, replaces and deletes
_LOOK = 0.1  # share of steps that read, and so write the index

State = dict[str, int]


def write(folder: Path, log: Path, number: int, seed: int) -> None:
    """Store, replace and delete images of this writer's own until killed.

    Before a step, `begin` and what it will do is appended to the log; after it was acknowledged,
    `done`.
    """
    rng = random.Random(seed)  # noqa: S311
    known, version = replay(log)[0], 1000 * seed
    with Collection.open(folder) as collection, log.open("a", buffering=1) as notes:
        collection.vectors(collection.space())  # what connects and loads is not what is killed
        while True:
            if rng.random() < _LOOK:
                collection.gallery()
                continue
            version += 1
            ids = rng.sample([f"{number}-{place}" for place in range(IDS)], rng.randint(1, 4))
            delete = rng.random() < 0.3 and set(ids) <= known.keys()
            step = "delete" if delete else "put"
            notes.write(f"begin {step} {version} {' '.join(ids)}\n")
            _until_unlocked(collection, step, version, ids, rng)
            notes.write("done\n")
            apply(known, step, version, ids)


def _until_unlocked(
    collection: Collection, step: str, version: int, ids: list[str], rng: random.Random
) -> None:
    while True:
        try:
            if step == "delete":
                collection.delete(ids)
            else:
                put(collection, [(image_id, version) for image_id in ids])
        except LockedError:
            time.sleep(rng.uniform(0, 0.004))
        else:
            return


def apply(state: State, step: str, version: int, ids: list[str]) -> None:
    """Let a step change what is known to be stored."""
    for image_id in ids:
        if step == "put":
            state[image_id] = version
        else:
            state.pop(image_id, None)


def replay(log: Path) -> tuple[State, State]:
    """Return what a writer's log says is stored, without and with a step that was begun last.

    A step that was begun and not acknowledged may have been committed or not. What became of it
    is noted by `settle`.
    """
    state: State = {}
    begun: tuple[str, int, list[str]] | None = None
    for line in log.read_text().splitlines() if log.exists() else []:
        word, *rest = line.split() or [""]
        if word == "begin" and len(rest) > 2:
            begun = (rest[0], int(rest[1]), rest[2:])
        elif begun and word in ("done", "kept"):
            apply(state, *begun)
            begun = None
        elif word == "void":
            begun = None
    possible = dict(state)
    if begun:
        apply(possible, *begun)
    return state, possible


def settle(log: Path, committed: bool) -> None:
    """Note what became of the last step of a writer that was killed."""
    with log.open("a") as notes:
        notes.write("\nkept\n" if committed else "\nvoid\n")

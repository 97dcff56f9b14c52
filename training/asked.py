"""What is to be trained from, and the frame of a run: no two of a name go on at once."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from holotype.index.collection import Collection
from holotype.index.errors import LockedError
from holotype.index.ways import option

from .metric.keeping import discard, is_kept, kept_run
from .metric.processes import started
from .metric.train import Watch
from .spaces import writing

PutIn = Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """What is to be trained from.

    Attributes:
        space: by default the oldest.
        name: of the new space; one of that name is replaced.
        where: conditions on the images, such as `split=train`.
        resume: go on with what was interrupted.
    """

    space: str | None = None
    name: str = "trained"
    where: Sequence[str] = ()
    resume: bool = False


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Hold the folder of a run, so that no other run of that name writes there.

    It is removed at the end, except where a run that was broken off can go on from it.

    Raises:
        LockedError: one does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LockedError(
            f"Another run is training '{name}' here; wait for it, or choose another {option('as')}"
        ) from error
    try:
        yield
    finally:
        lock.release()
        if not is_kept(folder):
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # others lie there
                folder.parent.rmdir()


@contextmanager
def putting_in(collection: Collection, folder: Path) -> Iterator[None]:
    """Hold a collection's lock while what was trained is put into it.

    Args:
        folder: of the run.

    Raises:
        LockedError: another process writes to it; saying whether what was trained is kept.
    """
    try:
        with writing(collection):
            yield
    except LockedError as error:
        if not is_kept(folder):
            raise
        raise LockedError(
            f"{error}; what was trained is kept: repeat the command with {option('resume')}"
        ) from error


def left_over(folder: Path, identity: str, asked: Asked, watch: Watch) -> dict[str, Any] | None:
    """Return what a run that was broken off has left; without `resume` that is discarded.

    Args:
        folder: of the run.
        identity: see `keeping.identity_of`.

    Raises:
        UsageError: see `kept_run`.
    """
    if asked.resume:
        return kept_run(folder, identity)
    if started().is_first and discard(folder):
        watch.on_note(
            f"What an earlier run of '{asked.name}' had left was discarded; {option('resume')} "
            "would have gone on with it"
        )
    return None


def train_as(
    collection: Collection,
    asked: Asked,
    check: Callable[[], object],
    train: Callable[[Path], tuple[dict[str, Any], PutIn | None]],
) -> dict[str, Any]:
    """Train under a name, and put what came of it into the collection where it is better.

    Others may write while it trains: the collection is locked only to see whether it can be
    written to, and again at the end. Of several processes the first one locks, puts in and tells.

    Args:
        check: refuses, under the lock, a name that something else has.
        train: given the folder where the run keeps its state, returns what is told of it, and what
            puts it into the collection and tells that; None where it is not better.

    Returns:
        all that is told, and the seconds that it took.

    Raises:
        LockedError, ReadOnlyError: the collection cannot be written to, or another run trains
            under that name.
    """
    began, is_first = time.monotonic(), started().is_first
    with writing(collection) if is_first else nullcontext():
        check()
    folder = collection.folder / "models" / f".{asked.name}.training"
    with alone(folder, asked.name) if is_first else nullcontext():
        told, put_in = train(folder)
        found = {"space": None, "checkpoint": None, **told}
        if is_first and put_in is not None:
            with putting_in(collection, folder):
                check()
                made = put_in()
            problems = [*told["problems"], *made.get("problems", [])]
            found |= made | {"problems": list(dict.fromkeys(problems))}
        if is_first:
            discard(folder)
    return {**found, "seconds": round(time.monotonic() - began, 1)}

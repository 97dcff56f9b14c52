"""What is to be trained from, and that no two runs of a name go on at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from holotype.index.collection import Collection
from holotype.index.errors import LockedError

from .metric.keeping import discard, is_kept, kept_run
from .metric.train import Judged
from .spaces import writing


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
            f"Another run is training '{name}' here; wait for it, or choose another --as"
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
def putting_in(collection: Collection) -> Iterator[None]:
    """Hold a collection's lock while what was trained is put into it.

    Raises:
        LockedError: another process writes to it; what was trained is not lost.
    """
    try:
        with writing(collection):
            yield
    except LockedError as error:
        raise LockedError(
            f"{error}; what was trained is kept: repeat the command with --resume"
        ) from error


def left_over(folder: Path, training: Judged, asked: Asked) -> dict[str, Any] | None:
    """Return what a run that was broken off has left; without `resume` that is discarded.

    Raises:
        UsageError: see `kept_run`.
    """
    if asked.resume:
        return kept_run(folder, training.identity)
    if discard(folder):
        training.watch.on_note(
            f"What an earlier run of '{asked.name}' had left was discarded; --resume would have "
            "gone on with it"
        )
    return None

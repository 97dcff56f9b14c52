"""The Nth call of the operating system or of SQLite fails, or is the last, for every N."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

from holotype.index.collection import Collection
from holotype.index.errors import HolotypeError
from holotype.index.storage.files_beside import INDEX, list_files
from holotype.index.upkeep.compaction import compact
from holotype.index.upkeep.info import verify
from holotype.index.upkeep.snapshots import restore, snapshot

from .plain import make, put, stored

CRASHED = 9
_IMAGES = 8
_CALLS = ("mkdir", "open", "fsync", "rename", "replace", "unlink")

Operation = Callable[[Path], None]


def _swap_index(folder: Path) -> None:
    with Collection.open(folder / "c") as collection:
        collection.gallery()


def _store(folder: Path) -> None:
    with Collection.open(folder / "c") as collection:
        put(collection, [(f"image {n}", 2) for n in range(4, 12)])


def _delete(folder: Path) -> None:
    with Collection.open(folder / "c") as collection:
        collection.delete(["image 1", "image 2"])


def _snapshot(folder: Path) -> None:
    with Collection.open(folder / "c") as collection:
        snapshot(collection, folder / "made")


def _restore(folder: Path) -> None:
    restore(folder / "snapshot", folder / "made")


def _compact(folder: Path) -> None:
    with Collection.open(folder / "c") as collection:
        compact(collection)


OPERATIONS: dict[str, Operation] = {
    "index swap": _swap_index,
    "store": _store,
    "delete": _delete,
    "snapshot": _snapshot,
    "restore": _restore,
    "compact": _compact,
}


class _Tripwire:
    """Counts calls, and raises an error or ends the process at one of them."""

    def __init__(self, at: int, crash: bool) -> None:
        self.at, self.crash, self.calls = at, crash, 0

    def tick(self, error: Exception) -> None:
        self.calls += 1
        if self.calls == self.at:
            if self.crash:
                os._exit(CRASHED)
            raise error

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*values: Any, **options: Any) -> Any:
            self.tick(OSError(errno.EIO, "Input/output error"))
            return function(*values, **options)

        return called

    def connect(self, *values: Any, **options: Any) -> sqlite3.Connection:
        wire = self

        class Connection(sqlite3.Connection):
            def execute(self, *given: Any) -> sqlite3.Cursor:
                wire.tick(_io_error())
                return super().execute(*given)

            def executemany(self, *given: Any) -> sqlite3.Cursor:
                wire.tick(_io_error())
                return super().executemany(*given)

        return _connect(*values, factory=Connection, **options)


_connect = sqlite3.connect


def _io_error() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return error


@contextmanager
def _tripwire(at: int, crash: bool) -> Iterator[_Tripwire]:
    wire = _Tripwire(at, crash)
    with mock.patch("sqlite3.connect", wire.connect), mock.patch("io.open", wire.wrap(io.open)):
        patches = [mock.patch(f"os.{name}", wire.wrap(getattr(os, name))) for name in _CALLS]
        for patch in patches:
            patch.start()
        try:
            yield wire
        finally:
            for patch in patches:
                patch.stop()


def prepare(folder: Path) -> None:
    """Make what every operation starts from: an index of an older state, orphans, a snapshot."""
    make(folder / "c", _IMAGES)
    with Collection.open(folder / "c") as collection:
        put(collection, [("image 0", 1)])
        snapshot(collection, folder / "snapshot")
        left = f"{INDEX}/base-{'0' * 16}.flat"
        with collection.database.transaction() as connection:
            list_files(connection, [(left, "0" * 64)])
        (folder / "c" / left).write_bytes(b"left by a process that died")


def fail_every_call(
    name: str, *, crash: bool, scratch: Path | None = None
) -> tuple[int, list[str]]:
    """Run an operation with its first call failing, its second, and so on until none fails.

    Args:
        crash: the call does not fail but ends the process.
        scratch: where to work; by default where temporary files go.

    Returns:
        the number of calls, and one sentence for every N that left neither the old state nor the
        new one, or files that compaction does not clear away.
    """
    faults = []
    with tempfile.TemporaryDirectory(dir=scratch) as place:
        origin = Path(place, "origin")
        prepare(origin)
        old = _state(Path(shutil.copytree(origin, Path(place, "old"))))  # looking writes the index
        done = Path(shutil.copytree(origin, Path(place, "done")))
        OPERATIONS[name](done)
        new = _state(done)
        for at in range(1, 1000):
            folder = Path(shutil.copytree(origin, Path(place, str(at))))
            tripped = _run_in_child(name, folder, at) if crash else _run(name, folder, at)
            fault = _fault(name, folder, old, new)
            if fault:
                faults.append(f"{name}, call {at}: {fault}")
            shutil.rmtree(folder)
            if not tripped:
                return at - 1, faults
    raise RuntimeError(f"{name} makes more calls than were tried")


def _run(name: str, folder: Path, at: int) -> bool:
    with (
        _tripwire(at, crash=False) as wire,
        suppress(HolotypeError, OSError, sqlite3.OperationalError),
    ):
        OPERATIONS[name](folder)
    return wire.calls >= at


def _run_in_child(name: str, folder: Path, at: int) -> bool:
    child = os.fork()
    if child == 0:
        with _tripwire(at, crash=True):
            OPERATIONS[name](folder)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in (0, CRASHED):
        raise RuntimeError(f"{name} ended with {code}; its error stands above")
    return code == CRASHED


def die_at_every_call(name: str, *, scratch: Path | None = None) -> tuple[int, list[str]]:
    """Run `fail_every_call` with `crash` in a fresh process, which can fork: it has no threads."""
    command = [sys.executable, "-m", __name__, name, *([str(scratch)] if scratch else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603
    calls, faults = json.loads(done.stdout)
    return calls, faults


def _state(folder: Path) -> tuple[object, ...]:
    """Return what a collection holds, and what was made beside it."""
    with Collection.open(folder / "c") as collection:
        held = stored(collection), verify(collection).errors
    if not (folder / "made").exists():
        return *held, None
    made = folder / "made"
    if (made / "SHA256SUMS").exists():
        made = folder / "restored"
        restore(folder / "made", made)
    with Collection.open(made) as collection:
        return *held, stored(collection), verify(collection).errors


def _fault(name: str, folder: Path, old: object, new: object) -> str | None:
    """Return what is wrong after an operation that was cut short, and after it is repeated."""
    try:
        if _state(folder) not in (old, new):
            return "neither the old state nor the new one"
        shutil.rmtree(folder / "made", ignore_errors=True)
        shutil.rmtree(folder / "restored", ignore_errors=True)
        OPERATIONS[name](folder)
        if _state(folder) != new and name != "delete":
            return "it cannot be repeated"
    except HolotypeError as error:
        if "has no image" not in str(error):  # what is deleted already cannot be deleted again
            return str(error)
    _compact(folder)
    if len(list((folder / "c" / "index").iterdir())) > 1:
        return "index files that belong to nothing"
    return None


if __name__ == "__main__":
    where = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    sys.stdout.write(json.dumps(fail_every_call(sys.argv[1], crash=True, scratch=where)))

"""A collection that cannot be written to answers, and says so when it is asked to change."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import FILE
from holotype.index.errors import HolotypeError, ReadOnlyError
from holotype.scripts.bench.faults import plain
from holotype.training.spaces import calibrate_space

ANSWER = """
import os, sys
from pathlib import Path
from holotype.index.collection import Collection
from holotype.index.database.connection import FILE
from holotype.index.errors import HolotypeError
from holotype.index.upkeep.info import info, verify
from holotype.index.search.search import search, stored_vector
from holotype.index.upkeep.snapshots import snapshot
from holotype.scripts.bench.faults import plain
shelf = Path(sys.argv[1])
if os.getuid() == 0:  # who may do everything cannot be kept from writing
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
for name in ("whole", "without index", "with log"):
    try:
        with Collection.open(shelf / name) as collection:
            vector = stored_vector(collection, collection.image("image 3"))
            hits = search(collection, vector, k=1)
            print(name, hits[0].image.image_id, info(collection)["images"])
            print(verify(collection).errors)
            snapshot(collection, shelf / "out" / name)
            plain.put(collection, [("new", 0)])
    except HolotypeError as error:
        print(error)
"""


@pytest.fixture
def shelf() -> Iterator[Path]:
    """Collections that can be read only, in a folder that others may enter."""
    with tempfile.TemporaryDirectory() as place:
        shelf = Path(place)
        plain.make(shelf / "whole", 20)
        plain.make(shelf / "without index", 20)
        shutil.rmtree(shelf / "without index" / "index")
        leave_a_log(shelf / "with log")
        for path in (shelf, *shelf.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        (shelf / "out").mkdir()
        (shelf / "out").chmod(0o777)
        yield shelf
        for path in (shelf, *(path for path in shelf.rglob("*") if path.is_dir())):
            path.chmod(0o755)


def leave_a_log(folder: Path) -> None:
    """Make a collection whose writer died: without its log the file is of an older state."""
    plain.make(folder, 20)
    with Collection.open(folder) as writer:
        writer.delete(["image 5"])
        kept = {name: (folder / name).read_bytes() for name in (FILE, f"{FILE}-wal")}
    for name, content in kept.items():
        (folder / name).write_bytes(content)


@pytest.mark.skipif(os.name != "posix", reason="needs users and rights")
def test_a_collection_in_a_read_only_folder_answers(shelf: Path) -> None:
    before = sorted(path for path in shelf.rglob("*") if shelf / "out" not in path.parents)
    command = [sys.executable, "-c", ANSWER, str(shelf)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    refused = "is read-only (Permission denied); copy it to where it can be written"
    assert done.stdout.splitlines() == [
        "whole image 3 20",
        "[]",
        f"{shelf / 'whole'} {refused}",
        "without index image 3 20",
        "[]",
        f"{shelf / 'without index'} {refused}",
        f"{shelf / 'with log' / FILE} cannot be opened (unable to open database file); make its "
        "folder writable, or copy the collection",
    ], done.stderr
    after = sorted(path for path in shelf.rglob("*") if shelf / "out" not in path.parents)
    assert after == before
    assert len(list((shelf / "out").glob("*/SHA256SUMS"))) == 2


def test_a_file_that_changes_while_it_is_read_alone_is_not_answered_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.make(tmp_path / "c", 5)
    connect = sqlite3.connect

    def refuse(address: str, **options: object) -> sqlite3.Connection:
        if "immutable" not in address:
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error
        return connect(address, **options)  # type: ignore[call-overload, no-any-return]

    with monkeypatch.context() as patched:
        patched.setattr("holotype.index.database.connection.sqlite3.connect", refuse)
        patched.setattr("holotype.index.database.connection.os.access", lambda *_: False)
        reader = Collection.open(tmp_path / "c")
        assert len(plain.stored(reader)) == 5
    with Collection.open(tmp_path / "c") as writer:
        plain.put(writer, [("other", 1)])
    with pytest.raises(HolotypeError, match="was changed while it was open read-only"):
        reader.gallery()
    reader.close()


def test_a_lock_that_cannot_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.make(tmp_path / "c", 60)

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with Collection.open(tmp_path / "c") as collection:
        monkeypatch.setattr("holotype.index.database.locks.FileLock.acquire", refuse)
        with pytest.raises(ReadOnlyError, match=r"is read-only \(Read-only file system\)"):
            collection.delete(["image 1"])
        with pytest.raises(ReadOnlyError, match="is read-only"):
            calibrate_space(collection)
        assert len(collection.gallery()) == 60

"""A full disk is one clear error; nothing is lost, and when there is room again work goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.database.damage import is_damage
from holotype.index.upkeep.info import verify
from holotype.index.upkeep.snapshots import snapshot
from holotype.scripts.bench.faults import plain

MIB = 1 << 20

# Files may not grow past a limit, which moves up step by step: writes fail at every place.
LIMITED = """
import resource, signal, sqlite3, sys
from pathlib import Path
from holotype.index.collection import Collection
from holotype.index.upkeep.info import verify
from holotype.scripts.bench.faults import plain
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
failed = 0
with Collection.open(folder) as collection:
    held = plain.stored(collection)
    for step in range(1, 60):
        resource.setrlimit(resource.RLIMIT_FSIZE, (step * 4096, resource.RLIM_INFINITY))
        try:
            plain.put(collection, [(f"image {n}", step) for n in range(20)])
            held = {f"image {n}": step for n in range(20)}
        except (OSError, sqlite3.OperationalError):
            failed += 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        assert plain.stored(collection) == held, step
    plain.put(collection, [("after", 1)])
    assert plain.stored(collection) == {**held, "after": 1}
    assert verify(collection).errors == []
print(failed)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if mount is None or os.getuid() != 0 or subprocess.run(command, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(collection: Collection) -> int:
    """Store ten images at a time until the disk is full; return how often it was acknowledged."""
    for step in range(1000):
        try:
            plain.put(collection, [(f"new {step}-{n}", 0) for n in range(10)])
        except sqlite3.OperationalError as error:
            if is_damage(error):
                raise
            return step
    raise AssertionError("the disk never was full")


def test_a_full_file_system_and_room_again(small_disk: Path, tmp_path: Path) -> None:
    plain.make(small_disk / "c", 50)
    filler = small_disk / "filler"
    with Collection.open(small_disk / "c") as collection:
        held = plain.stored(collection)
        with filler.open("wb", buffering=0) as file:
            while file.write(bytes(64 * 1024)) == 64 * 1024:
                if shutil.disk_usage(small_disk).free < 160 * 1024:
                    break
        acknowledged = fill(collection)
        with pytest.raises((OSError, sqlite3.OperationalError)):
            snapshot(collection, small_disk / "snap")
        assert sorted(path.name for path in small_disk.iterdir()) == ["c", "filler"]
        expected = held | {f"new {s}-{n}": 0 for s in range(acknowledged) for n in range(10)}
        assert plain.stored(collection) == expected
        filler.unlink()
        plain.put(collection, [("after", 0)])
        assert plain.stored(collection) == {**expected, "after": 0}
        snapshot(collection, tmp_path / "snap")
        assert verify(collection).errors == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits on the size of files")
def test_writes_that_fail_at_every_place(tmp_path: Path) -> None:
    plain.make(tmp_path / "c", 20)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "c")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10

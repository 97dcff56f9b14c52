"""What a killed snapshot or restore leaves is never taken for a whole one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.files.durable import TEMPORARY
from holotype.index.upkeep.snapshots import restore, snapshot

# The Nth call of the system that changes a file ends the process, as a kill does.
_DIE = """
import os, sys
from pathlib import Path
from holotype.index.collection import Collection
from holotype.index.upkeep.snapshots import restore, snapshot

left = int(sys.argv[4])

def dying(call):
    def run(*given, **named):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return call(*given, **named)
    return run

source, to = Path(sys.argv[2]), Path(sys.argv[3])
collection = Collection.open(source) if sys.argv[1] == "snapshot" else None
for name in ("fsync", "rename", "replace"):
    setattr(os, name, dying(getattr(os, name)))
snapshot(collection, to) if collection else restore(source, to)
"""


@pytest.mark.parametrize("what", ["snapshot", "restore"])
def test_what_is_left_is_refused(folder: Path, tmp_path: Path, what: str) -> None:
    if what == "restore":
        with Collection.open(folder) as collection:
            snapshot(collection, tmp_path / "whole")
    source = folder if what == "snapshot" else tmp_path / "whole"
    killed, seen = 0, 0
    for call in range(1, 30):
        to = tmp_path / f"to {call}"
        command = [sys.executable, "-c", _DIE, what, str(source), str(to), str(call)]
        killed = subprocess.run(command, check=False).returncode
        if killed == 0:
            break
        assert killed == 9
        for left in tmp_path.glob(f"to {call}.*"):
            seen += 1
            assert TEMPORARY.search(left.name)
            with pytest.raises(UsageError, match="did not end"):
                Collection.open(left)
            with pytest.raises(UsageError, match="did not end"):
                restore(left, tmp_path / f"back {call}")
        if to.exists():  # it had its name already: then it is whole
            if what == "snapshot":
                restore(to, tmp_path / f"back {call}")
            else:
                Collection.open(to).close()
    assert killed == 0
    assert seen > 2

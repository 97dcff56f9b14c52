"""A training of the space `words`, in a process of its own that is killed as it ends.

python -m tests.training.clip.die_in_process COLLECTION CONFIG embedding|replacing|removing
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from holotype.index.collection import Collection
from holotype.index.database.checksums import write_checksum
from holotype.index.ingest import stored
from holotype.index.storage import spaces
from holotype.training.clip.judged import Result
from holotype.training.clip.space import train_clip_space
from holotype.training.metric.config import read_config
from holotype.training.trained_space import Asked


def die(*_: Any, **__: Any) -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_replacing(connection: Any, table: str, row: Any) -> None:
    """Die in the transaction in which the old space is deleted and the new one is there."""
    found = connection.execute("SELECT name FROM spaces WHERE space_id = ?", (row,)).fetchone()
    if table == "spaces" and found["name"] == "words":
        die()
    write_checksum(connection, table, row)


PLACES: dict[str, tuple[Any, str, Any]] = {
    "embedding": (stored, "_embed", die),  # the space of embeddings is there, and empty
    "replacing": (spaces, "write_checksum", die_replacing),
    "removing": (Collection, "remove_space", die),  # what is replaced
}


def main() -> None:
    """Train, and be killed."""
    folder, config, when = sys.argv[1:]
    for owner, name, value in (PLACES[when], (Result, "problem", "")):
        setattr(owner, name, value)
    with Collection.open(folder) as collection:
        wanted = read_config("clip", Path(config), {"seed": 1})
        train_clip_space(collection, wanted, Asked(name="words"))


if __name__ == "__main__":
    main()

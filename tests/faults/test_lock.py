"""One process writes; the second is told who; readers go on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.encoders import Encoder
from holotype.index.errors import LockedError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from tests.conftest import Ask, Cli, Draw

HOLD = """
import sys
from pathlib import Path
from holotype.index.database.connection import Database
with Database(Path(sys.argv[1])).writing():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the writer's lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_told_who_writes(
    holder: subprocess.Popen[str], folder: Path, source: Path, tiny: Encoder, cli: Cli
) -> None:
    code, out, err = cli("ingest", source, "--to", folder, "--encoder", tiny.name, "--json")
    assert code == 3
    assert out == ""
    assert f"locked by pid {holder.pid} on host {socket.gethostname()}" in err


def test_readers_go_on_while_another_writes(
    holder: subprocess.Popen[str], folder: Path, source: Path, ask: Ask
) -> None:
    assert holder.poll() is None
    for file in (folder / "index").iterdir():
        file.unlink()  # what they cannot write they do without
    assert len(ask("search", "--id", "0-0.png", "--in", folder)["hits"]) == 10
    assert ask("identify", source.parent / "0-0.png", "--in", folder)["neighbours"]
    assert ask("collection", "info", folder)["images"] == 40
    assert ask("eval", folder)["n"] == 40


def test_a_reader_writes_the_index_while_another_process_writes(
    holder: subprocess.Popen[str], folder: Path
) -> None:
    (file,) = (folder / "index").iterdir()
    file.unlink()
    with Collection.open(folder) as collection:
        collection.gallery()
    assert holder.poll() is None
    assert file.is_file()


def test_an_ingest_goes_on_while_a_reader_writes_the_index(
    folder: Path, tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    draw(tmp_path / "s" / "Xestia baja" / "new.png", 3)
    reader = Database(folder)
    with reader.indexing(), Collection.open(folder) as collection:
        assert ingest(Manifest.read(tmp_path / "s"), collection, tiny).embedded == 1
        assert len(collection.gallery()) == 41  # without a file, which the reader writes
    reader.close()
    with Collection.open(folder) as collection:
        assert len(collection.gallery().index) == 41
    assert len(list((folder / "index").iterdir())) == 1


def test_a_writer_that_was_killed_leaves_no_lock(
    holder: subprocess.Popen[str], folder: Path, source: Path, tiny: Encoder
) -> None:
    holder.kill()
    holder.wait()
    with Collection.open(folder) as collection:
        assert ingest(Manifest.read(source), collection, tiny).unchanged == 40


def test_two_objects_of_one_process_exclude_each_other_too(folder: Path) -> None:
    first, second = Database(folder), Database(folder)
    with first.writing():
        with pytest.raises(LockedError, match=f"pid {os.getpid()} on host"), second.writing():
            pass
        with first.writing():
            pass
        with pytest.raises(LockedError), second.writing():
            pass
    with second.writing():
        pass


def test_a_damaged_note_of_the_owner_is_no_harm(
    holder: subprocess.Popen[str], folder: Path
) -> None:
    for content in ("", "[]", "{}", "\x00"):
        (folder / "writer.json").write_text(content)
        with (
            pytest.raises(LockedError, match="locked by another process"),
            Database(folder).writing(),
        ):
            pass


def test_threads_read_one_collection_at_once(collection: Collection) -> None:
    found: list[int] = []

    def read() -> None:
        for _ in range(20):
            gallery = collection.gallery()
            found.append(len(gallery) + len(list(collection.images())))

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [80] * 120

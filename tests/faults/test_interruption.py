"""Ingest that is cut short at any moment: nothing lost, nothing doubled, only the rest embedded."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.upkeep.info import verify
from tests.conftest import Draw

ROWS = 4000  # several seconds of embedding even on a fast, idle machine
FILES = 30
SEED = 12


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, draw: Draw) -> Path:
    """A manifest of many rows over few files, large enough that embedding takes some seconds."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(FILES):
        draw(folder / f"{number}.png", number, size=(200, 150), like=number % 5)
    lines = ["path,image_id,species"]
    for row in range(ROWS):
        number = row % FILES
        lines.append(f"{number}.png,image {row},Xestia {'abcde'[number % 5]}x")
    (folder / "many.csv").write_text("\n".join(lines))
    return folder / "many.csv"


def start(program: Path, many: Path, to: Path, encoder: Encoder) -> subprocess.Popen[bytes]:
    """Start an ingest; what it says goes to files, since a full pipe would stop it."""
    command = [str(program), "ingest", str(many), "--to", str(to), "--encoder", encoder.name]
    # A shell's background jobs ignore Ctrl-C, and so would the children of a suite run as one.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with to.with_name("out").open("wb") as out, to.with_name("err").open("wb") as err:
            return subprocess.Popen([*command, "--json"], stdout=out, stderr=err)
    finally:
        signal.signal(signal.SIGINT, before)


def count(folder: Path) -> int:
    """Return how many embeddings are committed, 0 where there is no table yet."""
    with suppress(sqlite3.OperationalError):
        address = f"file:{folder / 'collection.sqlite'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM embeddings").fetchone()[0])
    return 0


def wait_for(process: subprocess.Popen[bytes], folder: Path, more_than: int) -> None:
    """Wait until more embeddings are committed, or the process has ended."""
    while process.poll() is None and count(folder) <= more_than:
        time.sleep(0.02)


def whole(folder: Path, expected: dict[str, bytes]) -> None:
    """Hold a finished collection against one that was made in one go."""
    with Collection.open(folder) as collection:
        assert verify(collection).errors == []
        gallery = collection.gallery()
        names = [image.image_id for image in collection.images()]
        assert len(names) == len(set(names)) == len(gallery) == ROWS
        for name, vector in zip(names, gallery.index.vectors, strict=True):
            reference = np.frombuffer(expected[name], np.float32)
            np.testing.assert_allclose(vector, reference, atol=1e-5)


@pytest.fixture(scope="module")
def expected(
    many: Path, tiny: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """The embedding of every image, made without interruption."""
    with Collection.create(tmp_path_factory.mktemp("expected") / "c") as collection:
        ingest(Manifest.read(many), collection, tiny)
        vectors = collection.gallery().index.vectors
        images = list(collection.images())
    return {image.image_id: row.tobytes() for image, row in zip(images, vectors, strict=True)}


@pytest.mark.slow
def test_kill_9_again_and_again(
    program: Path, many: Path, tiny: Encoder, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    rng, to = np.random.default_rng(SEED), tmp_path / "collection"
    stored = 0
    for attempt in range(4):
        process = start(program, many, to, tiny)
        if attempt == 0:  # as early as can be: the database is just being made
            while process.poll() is None and not (to / "collection.sqlite").exists():
                time.sleep(0.001)
        else:
            wait_for(process, to, stored)
            time.sleep(float(rng.uniform(0, 0.4)))
        process.kill()
        process.wait()
        assert count(to) >= stored, f"seed {SEED}, attempt {attempt}"
        stored = count(to)
        if stored:
            with Collection.open(to) as collection:
                assert verify(collection).errors == []
                assert len(collection.gallery()) == stored
    last = start(program, many, to, tiny)
    assert last.wait() == 0, to.with_name("err").read_text()
    report = json.loads(to.with_name("out").read_text())
    assert stored > 0
    assert (report["embedded"], report["unchanged"]) == (ROWS - stored, stored)
    whole(to, expected)


@pytest.mark.slow
def test_ctrl_c_stores_what_is_finished_and_says_so(
    program: Path, many: Path, tiny: Encoder, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    to = tmp_path / "collection"
    process = start(program, many, to, tiny)
    wait_for(process, to, 0)
    process.send_signal(signal.SIGINT)
    code, err = process.wait(), to.with_name("err").read_text()
    assert code == 130, err
    assert to.with_name("out").read_text() == ""
    assert "Traceback" not in err
    assert "Interrupted. What was finished is stored; repeat the command to go on." in err
    stored = count(to)
    assert 0 < stored < ROWS
    report = ingest_here(many, to, tiny)
    assert report == (ROWS - stored, stored)
    whole(to, expected)


def ingest_here(many: Path, to: Path, encoder: Encoder) -> tuple[int, int]:
    with Collection.open(to) as collection:
        report = ingest(Manifest.read(many), collection, encoder)
    return report.embedded, report.unchanged


def test_an_error_in_the_middle_keeps_what_is_finished(
    many: Path, tiny: Encoder, tmp_path: Path
) -> None:
    def stop(done: int, total: int) -> None:
        if done >= 200:
            raise KeyboardInterrupt

    to = tmp_path / "collection"
    with (
        Collection.create(to) as collection,
        pytest.raises(KeyboardInterrupt),
    ):
        ingest(Manifest.read(many), collection, tiny, on_embed=stop)
    stored = count(to)
    assert 200 <= stored < ROWS
    assert ingest_here(many, to, tiny) == (ROWS - stored, stored)

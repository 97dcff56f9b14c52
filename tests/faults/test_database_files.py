"""A damaged, foreign or newer database is refused in one sentence, and never answered from."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.database.schema import APPLICATION_ID, MIGRATIONS
from holotype.index.encoders import Encoder
from holotype.index.errors import CorruptError, HolotypeError, NotFoundError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.upkeep.info import verify
from tests.conftest import Cli, Draw

SEED = 33
PAGE = 8192


def database(folder: Path) -> Path:
    return folder / "collection.sqlite"


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(database(folder))) as connection, connection:
        connection.execute(statement)


def refused(message: str, code: int) -> sqlite3.OperationalError:
    """Return an error as SQLite raises it."""
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


# What is no collection ------------------------------------------------------------------------


def test_a_folder_that_is_no_collection_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is not a collection"):
        Collection.open(tmp_path)
    with pytest.raises(NotFoundError, match="is not a collection"):
        Collection.open(tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HolotypeError, match="is a file; name a folder"):
        Collection.create(tmp_path / "file")


def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(database(tmp_path))) as connection, connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    before = database(tmp_path).read_bytes()
    for door in (Collection.open, Collection.create):
        with pytest.raises(CorruptError, match="is not a Holotype collection"):
            door(tmp_path)
    assert database(tmp_path).read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    database(tmp_path).write_bytes(b"no database " * 1000)
    for door in (Collection.open, Collection.create):
        with pytest.raises(CorruptError, match="is damaged"):
            door(tmp_path)
    assert database(tmp_path).read_bytes().startswith(b"no database ")


def test_a_database_that_cannot_be_opened_is_not_called_damaged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise refused("attempt to write a readonly database", sqlite3.SQLITE_READONLY)

    monkeypatch.setattr("holotype.index.database.connection.sqlite3.connect", refuse)
    with pytest.raises(HolotypeError, match="make its folder writable") as caught:
        Collection.open(folder)
    assert not isinstance(caught.value, CorruptError)


def test_a_newer_format_is_refused_with_the_way_out(folder: Path) -> None:
    change(folder, f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    with pytest.raises(CorruptError, match="Install a newer Holotype"):
        Collection.open(folder)


def test_a_database_whose_making_was_cut_short_is_made_again(tmp_path: Path) -> None:
    database(tmp_path).touch()
    with Collection.create(tmp_path) as collection:
        assert verify(collection).errors == []
        found = collection.database.read("PRAGMA application_id")[0][0]
        assert found == APPLICATION_ID


# Damage ---------------------------------------------------------------------------------------


@pytest.fixture
def commands(folder: Path, source: Path, tmp_path: Path, tiny: Encoder) -> list[tuple[object, ...]]:
    picture = source.parent / "0-0.png"
    return [
        ("collection", "info", folder),
        ("collection", "verify", folder),
        ("search", "--id", "0-0.png", "--in", folder, "--where", "sex=f"),
        ("search", picture, "--in", folder),
        ("identify", picture, "--in", folder),
        ("ingest", source, "--to", folder, "--encoder", tiny.name),
        ("export", folder, "--out", tmp_path / "x.parquet"),
        ("eval", folder),
    ]


def harms(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield damaged copies: cut short, with a page of noise, with scattered flips."""
    rng = np.random.default_rng(SEED)
    for number in range(4):
        yield f"cut {number}", data[: int(rng.integers(1, len(data)))]
    for number in range(8):
        noisy, page = bytearray(data), int(rng.integers(0, len(data) // PAGE))
        noisy[page * PAGE : (page + 1) * PAGE] = rng.bytes(PAGE)
        yield f"page {number}", bytes(noisy)
    for number in range(4):
        flipped = bytearray(data)
        for at in rng.integers(0, len(data), 30):
            flipped[at] ^= int(rng.integers(1, 256))
        yield f"flips {number}", bytes(flipped)


@pytest.mark.slow
def test_damage_is_one_sentence_and_exit_code_4_or_no_harm_at_all(
    folder: Path, commands: list[tuple[object, ...]], cli: Cli, tmp_path: Path
) -> None:
    refusals = 0
    for name, damaged in harms(database(folder).read_bytes()):
        for number, command in enumerate(commands):
            copy = shutil.copytree(folder, tmp_path / name / str(number))
            database(copy).write_bytes(damaged)
            renamed = [copy if word == folder else word for word in command]
            code, out, err = cli(*renamed, "--json")
            refusals += code == 4
            context = f"{name}, {command[:2]}, seed {SEED}: {err}"
            assert code in (0, 4), context
            assert "Traceback" not in err, context
            if code == 4 and command[1] != "verify":
                assert out == "", context
                assert "Error: " in err, context
    assert refusals


def test_a_record_that_changed_by_itself_is_damage(folder: Path, cli: Cli) -> None:
    change(folder, """UPDATE images SET metadata = '{"sex": "f' WHERE image_id = '0-0.png'""")
    code, out, err = cli("search", "--id", "1-1.png", "--in", folder, "--where", "sex=f", "--json")
    assert (code, out) == (4, "")
    assert "damaged row (row 1) in its table 'images'" in err


def test_a_damaged_vector_is_refused_and_found_by_verify(folder: Path) -> None:
    change(folder, f"UPDATE embeddings SET vector = zeroblob({4 * 256}) WHERE seq = 7")
    with Collection.open(folder) as collection:
        for file in (folder / "index").iterdir():
            file.unlink()
        with pytest.raises(CorruptError, match="damaged vector in space 'base'"):
            collection.gallery()
        assert "damaged vector" in verify(collection).errors[0]


def test_a_vector_of_a_wrong_length_is_refused_and_found_by_verify(folder: Path) -> None:
    change(folder, "UPDATE embeddings SET vector = x'00000000' WHERE seq = 7")
    with Collection.open(folder) as collection:
        for file in (folder / "index").iterdir():
            file.unlink()
        with pytest.raises(CorruptError, match="damaged vector in space 'base': that of image"):
            collection.gallery()
        assert "that of image '0-6.png'" in verify(collection).errors[0]


# A full disk ----------------------------------------------------------------------------------


def test_a_full_disk_loses_nothing_and_the_next_ingest_goes_on(
    folder: Path, tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    for seed in range(60):
        draw(tmp_path / "s" / "Noctua comes" / f"{seed}.png", 100 + seed)
    manifest = Manifest.read(tmp_path / "s")
    with Collection.open(folder) as collection:
        pages = collection.database.read("PRAGMA page_count")[0][0]
        collection.database.read(f"PRAGMA max_page_count={pages + 2}")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            ingest(manifest, collection, tiny)
        assert len(collection.gallery()) == 40
    with Collection.open(folder) as collection:
        assert verify(collection).errors == []
        assert ingest(manifest, collection, tiny).embedded == 60
        assert len(collection.gallery()) == 100


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (refused("database or disk is full", sqlite3.SQLITE_FULL), 1, "is full; make room"),
        (refused("disk I/O error", sqlite3.SQLITE_IOERR_WRITE), 1, "I/O error"),
        (refused("malformed JSON", sqlite3.SQLITE_ERROR), 4, "malformed JSON"),
        (sqlite3.DatabaseError("database disk image is malformed"), 4, "malformed"),
        (OSError(28, "No space left on device", "x"), 1, "The disk is full at x"),
    ],
)
def test_an_error_of_the_disk_is_one_sentence(
    folder: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: int,
    said: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("holotype.index.upkeep.info.info", fail)
    found, out, err = cli("collection", "info", folder, "--json")
    assert found == code
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


# What is acknowledged is on disk ---------------------------------------------------------------


def test_every_thread_writes_through_to_the_disk(folder: Path) -> None:
    found: list[tuple[object, ...]] = []

    def look() -> None:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        found.append(tuple(opened.read(f"PRAGMA {pragma}")[0][0] for pragma in pragmas))

    opened = Database(folder)
    look()
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    opened.close()
    assert found == [("wal", 2, 1)] * 2


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to count open files")
def test_a_collection_that_is_refused_or_closed_leaves_no_file_open(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad").mkdir()
    database(tmp_path / "bad").write_bytes(b"no database " * 1000)

    def open_all() -> int:
        for _ in range(5):
            with pytest.raises(CorruptError):
                Collection.open(tmp_path / "bad")
            with Collection.open(folder) as collection:
                collection.gallery()
        return len(list(Path("/proc/self/fd").iterdir()))

    assert open_all() == open_all()

"""An open collection is one file: what takes its place at its path is never read or written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import FILE, Database
from holotype.index.errors import CorruptError, HolotypeError, ReplacedError
from holotype.index.gallery import index_files as generations
from holotype.index.upkeep.info import verify
from holotype.index.upkeep.snapshots import restore, snapshot
from holotype.scripts.bench.faults import plain
from tests.conftest import Cli

IDS = [f"image {number}" for number in range(20)]


def make(folder: Path, version: int) -> Path:
    """Make a collection whose images have the same ids in every version, and other vectors."""
    with Collection.create(folder) as collection:
        plain.put(collection, [(image_id, version) for image_id in IDS])
        collection.gallery()
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, but what SQLite and a lock keep there for those who have it open."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock", ".json"))
    }


def restored(live: Path, other: Path) -> None:
    with Collection.open(other) as opened:
        snapshot(opened, live.with_name("snapshot"))
    live.rename(live.with_name("old"))
    restore(live.with_name("snapshot"), live)


def moved_in(live: Path, other: Path) -> None:
    live.rename(live.with_name("old"))
    other.rename(live)


def deleted(live: Path, _: Path) -> None:
    shutil.rmtree(live)


def moved_away(live: Path, _: Path) -> None:
    live.rename(live.with_name("old"))


def made_anew(live: Path, _: Path) -> None:
    shutil.rmtree(live)
    make(live, 1)


def copied(live: Path, _: Path) -> None:
    """A copy has the id of the original, and goes its own way."""
    shutil.copytree(live, live.with_name("copy"))
    with Collection.open(live.with_name("copy")) as opened:
        plain.put(opened, [(image_id, 1) for image_id in IDS])
    live.rename(live.with_name("old"))
    live.with_name("copy").rename(live)


def file_alone(live: Path, other: Path) -> None:
    for end in ("-wal", "-shm"):
        (live / f"{FILE}{end}").unlink(missing_ok=True)
    (other / FILE).replace(live / FILE)


def written_over(live: Path, other: Path) -> None:
    (live / FILE).write_bytes((other / FILE).read_bytes())


def linked(live: Path, other: Path) -> None:
    if not live.is_symlink():  # the test begins with a folder
        live.rename(live.with_name("old"))
    live.symlink_to(other)


SWAPS = [
    restored,
    moved_in,
    deleted,
    moved_away,
    made_anew,
    copied,
    file_alone,
    written_over,
    linked,
]
Swap = Callable[[Path, Path], None]


@pytest.mark.parametrize("swap", SWAPS)
def test_what_took_its_place_is_neither_read_nor_written(tmp_path: Path, swap: Swap) -> None:
    live, other = make(tmp_path / "live", 0), make(tmp_path / "other", 1)
    with Collection.open(live) as opened, ThreadPoolExecutor(1) as early:
        early.submit(plain.stored, opened).result()
        swap(live, other)
        before = content(live) if live.exists() else None
        with ThreadPoolExecutor(1) as late:
            for thread in (early, late):
                for ask in (
                    lambda: opened.image(IDS[0]),
                    opened.gallery,
                    lambda: opened.delete([IDS[0]]),
                    lambda: plain.put(opened, [("new", 0)]),
                    lambda: snapshot(opened, tmp_path / "late"),
                ):
                    with pytest.raises(ReplacedError, match="while it was open"):
                        thread.submit(ask).result()
    assert not (tmp_path / "late").exists()
    assert before == (content(live) if live.exists() else None)
    if before is not None:
        with Collection.open(live) as opened:
            assert plain.stored(opened) == dict.fromkeys(IDS, 1)
            assert verify(opened).errors == []
    if (tmp_path / "old").exists():
        with Collection.open(tmp_path / "old") as opened:
            assert plain.stored(opened) == dict.fromkeys(IDS, 0)


def test_a_link_that_leads_elsewhere_is_another_collection(tmp_path: Path) -> None:
    make(tmp_path / "one", 0), make(tmp_path / "two", 1)
    (tmp_path / "live").symlink_to("one")
    with Collection.open(tmp_path / "live") as opened:
        assert plain.stored(opened) == dict.fromkeys(IDS, 0)
        (tmp_path / "next").symlink_to("two")
        (tmp_path / "next").replace(tmp_path / "live")
        with pytest.raises(ReplacedError, match="was replaced while it was open"):
            opened.gallery()


def test_what_is_put_back_is_read_again(tmp_path: Path) -> None:
    live = make(tmp_path / "live", 0)
    with Collection.open(live) as opened:
        live.rename(tmp_path / "away")
        with pytest.raises(ReplacedError, match="was moved or deleted while it was open"):
            opened.gallery()
        (tmp_path / "away").rename(live)
        assert plain.stored(opened) == dict.fromkeys(IDS, 0)


@pytest.mark.parametrize("swap", [moved_in, moved_away, file_alone])
def test_a_transaction_that_lost_its_collection_is_rolled_back(tmp_path: Path, swap: Swap) -> None:
    live, other = make(tmp_path / "live", 0), make(tmp_path / "other", 1)

    def delete(database: Database) -> None:
        with database.transaction() as connection:
            connection.execute("DELETE FROM images WHERE image_id = ?", (IDS[3],))
            swap(live, other)

    with Collection.open(live) as opened, pytest.raises(ReplacedError):
        delete(opened.database)
    for folder, version in ((tmp_path / "old", 0), (live, 1)):
        if folder.exists():
            with Collection.open(folder) as opened:
                assert plain.stored(opened) == dict.fromkeys(IDS, version)


def test_a_collection_with_its_vectors_elsewhere_is_not_mixed(tmp_path: Path, milvus: str) -> None:
    live, other = tmp_path / "live", tmp_path / "other"
    for folder, images in ((live, 20), (other, 30)):
        plain.make(folder, images, milvus)
    with Collection.open(live) as opened:
        assert len(plain.stored(opened)) == 20
        moved_in(live, other)
        for ask in (opened.gallery, lambda: plain.put(opened, [("image 1", 7)])):
            with pytest.raises(ReplacedError):
                ask()
    for folder, images in ((live, 30), (tmp_path / "old", 20)):
        with Collection.open(folder) as opened:
            assert plain.stored(opened) == {f"image {number}": 0 for number in range(images)}


@pytest.mark.parametrize("swap", [moved_in, moved_away, written_over])
def test_what_is_read_alone_is_not_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swap: Swap
) -> None:
    """In a folder that cannot be written to the file is read without SQLite's own beside it."""
    live, other = make(tmp_path / "live", 0), make(tmp_path / "other", 1)
    connect = sqlite3.connect

    def refuse(address: str, **options: Any) -> sqlite3.Connection:
        if "immutable" not in address:
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error
        made: sqlite3.Connection = connect(address, **options)
        return made

    monkeypatch.setattr("holotype.index.database.connection.sqlite3.connect", refuse)
    monkeypatch.setattr("holotype.index.database.connection.os.access", lambda *_: False)
    with Collection.open(live) as reader, ThreadPoolExecutor(1) as late:
        assert plain.stored(reader) == dict.fromkeys(IDS, 0)
        swap(live, other)
        for ask in (reader.gallery, late.submit(reader.gallery).result):
            with pytest.raises(ReplacedError, match="while it was open"):
                ask()


def test_an_index_is_not_built_of_another_collection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLOTYPE_INDEX_KIND", "sq8")
    builds: list[Callable[[Database], None]] = []
    monkeypatch.setattr(generations, "rebuild_beside", lambda _, __, build: builds.append(build))
    live, other = make(tmp_path / "live", 0), make(tmp_path / "other", 1)
    with Collection.open(live) as opened:
        opened.delete(IDS[:4])
        opened.gallery()
    moved_in(live, other)
    before = content(live)
    with Collection.open(live) as opened:
        (build,) = builds
        build(opened.database)
    assert content(live) == before


def test_threads_never_mix_what_takes_turns_at_a_path(tmp_path: Path) -> None:
    """Some threads come late, others early; whoever gets an answer gets it of one collection."""
    live, away = make(tmp_path / "live", 0), make(tmp_path / "away", 1)
    stop = threading.Event()
    seen: list[tuple[int, int]] = []

    def look(opened: Collection, version: int) -> None:
        while not stop.is_set():
            try:
                found = plain.stored(opened)
            except ReplacedError:
                continue
            seen.extend((version, other) for other in found.values())

    with Collection.open(live) as first, Collection.open(away) as second:
        with ThreadPoolExecutor(8) as threads:
            looking = []
            for number in range(20):
                if number % 4 == 0:
                    looking += [threads.submit(look, first, 0)]
                live.rename(tmp_path / "between"), away.rename(live)
                (tmp_path / "between").rename(away)
                if number % 8 == 1:
                    looking += [threads.submit(look, second, 1)]
            stop.set()
            for done in looking:
                done.result()
        assert {version == other for version, other in seen} == {True}
        assert plain.stored(first) == dict.fromkeys(IDS, 0)


@pytest.mark.parametrize("put", [os.replace, shutil.copyfile])
def test_the_log_of_another_collection_is_refused(
    tmp_path: Path, put: Callable[[Path, Path], object]
) -> None:
    """SQLite would read a file that was put in place with what the log says of the old one."""
    live, other = make(tmp_path / "live", 0), make(tmp_path / "other", 1)
    with Collection.open(live) as writer:
        plain.put(writer, [(IDS[0], 2)])
        assert (live / f"{FILE}-wal").stat().st_size
        put(other / FILE, live / FILE)
        with pytest.raises(CorruptError, match="beside the log of another collection"):
            Collection.open(live)
        with pytest.raises(ReplacedError):
            writer.gallery()
    for _ in range(2):
        with pytest.raises(CorruptError, match="beside the log of another collection"):
            Collection.open(live)
    (live / f"{FILE}-wal").unlink()
    with Collection.open(live) as opened:
        assert plain.stored(opened) == dict.fromkeys(IDS, 1)


def test_what_is_written_by_others_is_no_other_collection(tmp_path: Path) -> None:
    live = make(tmp_path / "live", 0)
    with Collection.open(live) as reader, Collection.open(live) as writer:
        for version in range(1, 6):
            plain.put(writer, [(image_id, version) for image_id in IDS])
            writer.database.read("PRAGMA wal_checkpoint(TRUNCATE)")
            assert plain.stored(reader) == dict.fromkeys(IDS, version)
        with closing(sqlite3.connect(live / FILE)) as foreign:
            foreign.execute("VACUUM")
        assert plain.stored(reader) == dict.fromkeys(IDS, 5)


def test_a_restored_collection_has_an_id_of_its_own(tmp_path: Path) -> None:
    make(tmp_path / "c", 0)
    with Collection.open(tmp_path / "c") as opened:
        snapshot(opened, tmp_path / "snapshot")
        ids = {opened.database.opened.collection_id}
    for name in ("one", "two"):
        restore(tmp_path / "snapshot", tmp_path / name)
        with Collection.open(tmp_path / name) as opened:
            ids.add(opened.database.opened.collection_id)
            assert verify(opened).errors == []
    assert len(ids) == 3
    assert "" not in ids


def test_a_command_that_lost_its_collection_says_so(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = make(tmp_path / "live", 0)

    def swap_first(collection: Collection) -> None:
        live.rename(tmp_path / "old")
        collection.gallery()

    monkeypatch.setattr("holotype.index.upkeep.info.info", swap_first)
    code, out, err = cli("collection", "info", live)
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert "was moved or deleted while it was open" in err
    assert err.count("\n") == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts what Linux lists")
def test_nothing_stays_open(tmp_path: Path) -> None:
    live, other = make(tmp_path / "live", 0), make(tmp_path / "other", 1)
    before = len(os.listdir("/proc/self/fd"))
    for number in range(20):
        with Collection.open(live) as opened, ThreadPoolExecutor(2) as threads:
            threads.submit(opened.gallery).result()
            live.rename(tmp_path / "between"), other.rename(live)
            (tmp_path / "between").rename(other)
            with pytest.raises(HolotypeError):
                threads.submit(opened.gallery).result()
        assert len(os.listdir("/proc/self/fd")) <= before + 1, number

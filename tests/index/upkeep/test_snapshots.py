"""Snapshots hold one state and are refused when damaged; compaction removes what is unused."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import CorruptError, LockedError, NotFoundError, UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.search import search, stored_vector
from holotype.index.upkeep.compaction import compact
from holotype.index.upkeep.info import verify
from holotype.index.upkeep.snapshots import SUMS, restore, snapshot
from holotype.scripts.bench.faults import plain
from tests.conftest import Ask, Cli, Draw

pytestmark = pytest.mark.both_stores

SNAPSHOTS = 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, source: Path, tiny: Encoder) -> Path:
    """A folder with a collection that holds copies of its pictures, and a snapshot of it."""
    place = tmp_path_factory.mktemp("made")
    with Collection.create(place / "copied") as collection:
        ingest(Manifest.read(source), collection, tiny, copy_images=True)
        for image in list(collection.images())[:5]:
            collection.thumbnail(image)
        collection.gallery()
        snapshot(collection, place / "snap")
    return place


@pytest.fixture
def copied(made: Path, tmp_path: Path, store: str) -> Path:
    """A collection with copies of its pictures and a few thumbnails."""
    if store:
        restore(made / "snap", tmp_path / "copied", store=store)
        return tmp_path / "copied"
    return Path(shutil.copytree(made / "copied", tmp_path / "copied"))


def answers(folder: Path) -> list[object]:
    with Collection.open(folder) as collection:
        vector = stored_vector(collection, collection.image("1-3.png"))
        near = [hit.to_dict() for hit in search(collection, vector, k=40)]
        return [near, list(collection.images()), verify(collection, pictures=True)]


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# Snapshots ------------------------------------------------------------------------------------


def test_a_restored_snapshot_answers_the_same(copied: Path, tmp_path: Path, store: str) -> None:
    before = answers(copied)
    with Collection.open(copied) as collection:
        taken = snapshot(collection, tmp_path / "snap")
    shutil.rmtree(copied)
    back = restore(tmp_path / "snap", copied, store=store)
    assert (taken.images, taken.files, taken.missing) == (40, 46, [])
    assert taken.size == sum(map(len, files(tmp_path / "snap").values())) - len(
        (tmp_path / "snap" / SUMS).read_bytes()
    )
    assert (back.images, back.files) == (40, 46)
    assert answers(copied) == before
    assert len(list((copied / "thumbnails").glob("*/*.jpg"))) == 5


def test_its_checksums_are_those_of_a_common_tool(made: Path) -> None:
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("sha256sum is not installed")
    done = subprocess.run([tool, "--check", "--strict", SUMS], cwd=made / "snap", check=False)
    assert done.returncode == 0


def test_snapshots_taken_while_others_write_are_of_one_state(tmp_path: Path, store: str) -> None:
    """Every version of all 30 images is one transaction; a snapshot holds one of them whole."""
    folder, stop = tmp_path / "c", threading.Event()
    plain.make(folder, 30, store)

    def write() -> None:
        with Collection.open(folder) as writer:
            version = 0
            while not stop.is_set():
                version += 1
                plain.put(writer, [(f"image {n}", version) for n in range(30)])

    thread = threading.Thread(target=write)
    thread.start()
    try:
        with Collection.open(folder) as collection:
            for number in range(SNAPSHOTS):
                snapshot(collection, tmp_path / f"snap {number}")
    finally:
        stop.set()
        thread.join()
    # What number comes next goes by the clock where the vectors lie in a Milvus.
    but = "sqlite_sequence" if store else ""
    seen = set()
    for number in range(SNAPSHOTS):
        taken, back = tmp_path / f"snap {number}", tmp_path / f"back {number}"
        restore(taken, back, store=store)
        with Collection.open(back) as collection:
            held = plain.stored(collection)
            assert len(held) == 30
            assert len(set(held.values())) == 1
            seen |= set(held.values())
            snapshot(collection, tmp_path / f"again {number}")
        assert logical(taken, but) == logical(tmp_path / f"again {number}", but)
    assert len(seen) > 1


def logical(folder: Path, but: str) -> list[tuple[object, ...]]:
    """Everything that a snapshot's database says of its content, but for one table."""
    own = ("collection_id", "written")
    with Collection.open(folder) as collection:
        tables = collection.database.read(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )
        return [
            tuple(row)
            for table in tables
            if table[0] != but
            for row in collection.database.read(f"SELECT * FROM {table[0]}")
            if row[0] not in own
        ]


def test_nothing_is_overwritten(copied: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with Collection.open(copied) as collection:
        with pytest.raises(UsageError, match="is there already"):
            snapshot(collection, tmp_path / "there")
        snapshot(collection, tmp_path / "snap")
    with pytest.raises(UsageError, match="is there already"):
        restore(tmp_path / "snap", copied)
    assert list((tmp_path / "there").iterdir()) == []


def test_a_damaged_collection_is_not_copied(copied: Path, tmp_path: Path) -> None:
    with Collection.open(copied) as collection:
        collection.database.read("UPDATE images SET locality = 'elsewhere' WHERE row = 2")
        with pytest.raises(CorruptError, match="damaged row"):
            snapshot(collection, tmp_path / "snap")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copied"]


def flip(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])


def link(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name("elsewhere")))


HARMS: dict[str, Callable[[Path], object]] = {
    "a flipped bit": flip,
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "missing": lambda path: path.unlink(),
    "a stranger beside it": lambda path: path.with_name("stranger").touch(),
    "a link in its place": link,
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_snapshot_is_refused_by_name(made: Path, tmp_path: Path, harm: str) -> None:
    for pattern in ("collection.sqlite", SUMS, "images/*/*.png", "thumbnails/*/*.jpg"):
        copy = Path(shutil.copytree(made / "snap", tmp_path / "bad"))
        HARMS[harm](next(copy.glob(pattern)))
        error = NotFoundError if (harm, pattern) == ("missing", SUMS) else CorruptError
        with pytest.raises(error, match="bad"):
            restore(copy, tmp_path / "back")
        assert not (tmp_path / "back").exists()
        shutil.rmtree(copy)


def test_a_list_that_climbs_out_of_the_snapshot_is_refused(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "snap", tmp_path / "snap")
    (tmp_path / "secret").write_text("x")
    with (tmp_path / "snap" / SUMS).open("a") as sums:
        sums.write(f"{'0' * 64}  ../secret\n")
    with pytest.raises(CorruptError, match="is missing"):
        restore(tmp_path / "snap", tmp_path / "back")


# Compaction -----------------------------------------------------------------------------------


def test_compaction_removes_what_belongs_to_nothing(copied: Path) -> None:
    with Collection.open(copied) as collection:
        trained = [image for image in collection.images() if image.split == "train"]
        noted = replace(trained[0], metadata={"notes": "long " * 20_000})  # fills pages of its own
        collection.store(collection.space(), [(noted, None)])
    with Collection.open(copied) as collection:
        before = files(copied)
        collection.delete([image.image_id for image in trained])
        done = compact(collection)
        assert done.after < done.before
        assert collection.database.read("PRAGMA freelist_count")[0][0] == 0
        kept = files(copied)
        assert len([name for name in kept if name.startswith("images/")]) == 8
        assert len([name for name in kept if name.startswith("thumbnails/")]) == 2
        assert len(done.removed) == 35
        assert all(kept[name] == before[name] for name in kept if name.startswith("images/"))
        assert len(collection.gallery()) == 8
        assert verify(collection, pictures=True).errors == []
        assert compact(collection).removed == []


def test_readers_go_on_while_a_collection_is_compacted(copied: Path) -> None:
    with Collection.open(copied) as reader, Collection.open(copied) as writer:
        gallery = reader.gallery()
        with reader.database.snapshot():
            assert len(list(reader.images())) == 40
            writer.delete(["0-0.png"])
            compact(writer)
            assert len(list(reader.images())) == 40
        assert len(gallery.index) == 40
        assert len(reader.gallery()) == 39


def test_compaction_and_snapshots_exclude_each_other_and_writers(
    copied: Path, tmp_path: Path
) -> None:
    with Collection.open(copied) as one, Collection.open(copied) as other:
        with one.database.keeping(), pytest.raises(LockedError):
            compact(other)
        with one.database.keeping(), pytest.raises(LockedError):
            snapshot(other, tmp_path / "snap")
        with one.database.writing():
            with pytest.raises(LockedError):
                compact(other)
            snapshot(other, tmp_path / "snap")


# The command line -----------------------------------------------------------------------------


def test_from_the_command_line(
    copied: Path, tmp_path: Path, ask: Ask, cli: Cli, draw: Draw
) -> None:
    snap, back = tmp_path / "snap", tmp_path / "back"
    (next((copied / "images").glob("*/*.png"))).unlink()
    made = ask("collection", "snapshot", copied, snap)
    assert (made["images"], made["files"], len(made["missing"])) == (40, 45, 1)
    assert cli("collection", "snapshot", copied, snap)[0] == 2
    assert ask("collection", "restore", snap, back)["images"] == 40
    assert ask("collection", "compact", back)["removed"] == []
    (snap / "collection.sqlite").unlink()
    code, out, err = cli("collection", "restore", snap, tmp_path / "other")
    assert (code, out) == (4, "")
    assert "collection.sqlite is missing" in err


def test_a_snapshot_that_was_used_says_what_to_do(folder: Path, tmp_path: Path, cli: Cli) -> None:
    with Collection.open(folder) as collection:
        snapshot(collection, tmp_path / "s")
    with Collection.open(tmp_path / "s") as used:
        used.gallery()
    with pytest.raises(CorruptError, match="was used as a collection after it was made") as caught:
        restore(tmp_path / "s", tmp_path / "c")
    assert f"holotype collection snapshot {tmp_path / 's'} NEW" in str(caught.value)
    assert cli("collection", "snapshot", tmp_path / "s", tmp_path / "new")[0] == 0
    assert restore(tmp_path / "new", tmp_path / "c").images == 40


def test_a_file_that_was_put_into_a_snapshot_is_named(folder: Path, tmp_path: Path) -> None:
    with Collection.open(folder) as collection:
        snapshot(collection, tmp_path / "s")
    (tmp_path / "s" / "notes.txt").write_text("mine")
    with pytest.raises(CorruptError, match=r"notes\.txt is no part of it; move that file"):
        restore(tmp_path / "s", tmp_path / "c")
    (tmp_path / "s" / "notes.txt").unlink()
    assert restore(tmp_path / "s", tmp_path / "c").images == 40

"""Kept columns with what changed since are those that the database gives, and damage is noticed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.errors import CorruptError, HolotypeError
from holotype.index.gallery import label_files as columns
from holotype.index.gallery.gallery import Gallery
from holotype.index.search.search import search
from holotype.index.settings import settings
from holotype.index.storage.files_beside import list_files
from holotype.index.upkeep.info import verify
from holotype.index.upkeep.snapshots import restore, snapshot
from holotype.scripts.bench.faults import plain
from tests.faults.test_index_files import HARMS

SEED = 4
IMAGES = 40


@pytest.fixture(autouse=True)
def _always_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_KEPT_FROM", 1)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A collection with an index, and columns in a file."""
    plain.make(tmp_path / "c", IMAGES)
    return tmp_path / "c"


def file_of(folder: Path) -> Path:
    (found,) = (folder / "index").glob("*.columns")
    return found


def seen(folder: Path) -> Gallery:
    """Open a collection as another process would."""
    with Collection.open(folder) as collection:
        return collection.gallery()


def check(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold what is seen against what the database says, from scratch."""
    found = seen(folder)
    with monkeypatch.context() as patched:
        patched.setattr(columns, "_read", lambda *_: None)
        patched.setattr(columns, "_KEPT_FROM", 1 << 40)
        wanted = seen(folder)
    for name in ("rows", "specimens", "taxon"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), err_msg=name)
        assert getattr(found, name).dtype == np.int64
    np.testing.assert_array_equal(found.index.vectors, wanted.index.vectors)
    assert (found.state, found.labelled) == (wanted.state, wanted.labelled)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("many", [0.01, 0.2, 1])
def test_any_changes_are_laid_over_a_file(
    place: Path, monkeypatch: pytest.MonkeyPatch, seed: int, many: float
) -> None:
    monkeypatch.setattr(columns, "_MANY_CHANGED", many)
    rng = np.random.default_rng(SEED + seed)
    with Collection.open(place) as writer:
        space = writer.space()
        for _ in range(8):
            for _ in range(rng.integers(1, 4)):
                name = f"image {rng.integers(IMAGES + 8)}"
                specimen = f"specimen image {rng.integers(IMAGES)}"
                what = rng.integers(5)
                stored = {image.image_id for image in writer.images()}
                if what == 0 and name in stored:
                    writer.delete([name])
                elif what == 1 and name in stored:
                    moved = replace(writer.image(name), specimen_id=specimen, lineage=("",) * 8)
                    writer.store(space, [(moved, None)])
                elif what == 2:
                    plain.put(writer, [(name, int(rng.integers(3)))])
                elif what == 3 and writer.database.read(
                    "SELECT 1 FROM images WHERE specimen_id = ?", (specimen,)
                ):
                    writer.determine(specimen, plain.lineage_of(str(rng.integers(99))), by="T")
                elif writer.history():
                    with suppress(HolotypeError):  # it may be undone already
                        writer.undo(int(rng.integers(1, len(writer.history()))), by="T")
            check(place, monkeypatch)
        assert verify(writer).errors == []


def test_a_few_changes_leave_the_file_and_many_write_a_new_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_MANY_CHANGED", 0.1)
    first = file_of(place)
    with Collection.open(place) as writer:
        writer.determine("specimen image 3", plain.lineage_of("x"), by="T")
        plain.put(writer, [("new", 0)])
        check(place, monkeypatch)
        assert file_of(place) == first
        writer.delete([f"image {number}" for number in range(5)])
        check(place, monkeypatch)
        assert file_of(place) != first
        plain.put(writer, [(f"much {number}", 0) for number in range(IMAGES)])
        check(place, monkeypatch)


def test_a_projected_space_shares_the_columns_of_its_base(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from holotype.training.spaces import tune_space

    file = file_of(place)
    with Collection.open(place) as collection:
        tune_space(collection)
        np.testing.assert_array_equal(
            collection.gallery("tuned").rows, collection.gallery("base").rows
        )
    assert file_of(place) == file


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_file_is_noticed_and_rebuilt(
    place: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    file = file_of(place)
    whole = file.read_bytes()
    HARMS[harm](file)
    with Collection.open(place) as collection:
        found = verify(collection)
        assert found.errors == []
        assert f"{file}" in "".join(found.warnings)
        assert "it is rebuilt at the next query" in "".join(found.warnings)
        assert len(search(collection, plain.vector_of("0" * 64), k=100)) == IMAGES
    if harm != "a folder in its place":
        assert file.read_bytes() == whole
    check(place, monkeypatch)


@pytest.mark.parametrize("harm", ["cut short", "a flipped byte at the start", "deleted"])
def test_without_verification_header_and_size_still_count(
    place: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    monkeypatch.setenv("HOLOTYPE_CHECK_INDEX_FILES", "false")
    settings.cache_clear()
    HARMS[harm](file_of(place))
    check(place, monkeypatch)


def test_a_disk_that_refuses_the_file_does_not_matter(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_of(place).unlink()
    left = place / "index" / f"base-{'0' * 16}.columns"
    left.write_bytes(b"left by a process that died")
    with Collection.open(place) as collection, collection.database.transaction() as connection:
        list_files(connection, [(f"index/{left.name}", "0" * 64)])

    def refuse(path: Path, data: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr("holotype.index.gallery.index_files.write_durably", refuse)
        check(place, monkeypatch)
        assert file_of(place) == left
    check(place, monkeypatch)
    assert file_of(place) != left


def test_a_snapshot_leaves_columns_behind(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collection.open(place) as collection:
        snapshot(collection, tmp_path / "s")
    restore(tmp_path / "s", tmp_path / "r")
    with Collection.open(tmp_path / "r") as restored:
        assert verify(restored).warnings == []
    check(tmp_path / "r", monkeypatch)


@pytest.mark.parametrize("change", ["count = count - 1", "last_seq = last_seq + 7", "count = 9"])
def test_a_miscounted_space_is_refused_or_answers_right(
    place: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A database too large to be checked as a whole, whose counter was damaged."""
    monkeypatch.setenv("HOLOTYPE_MAX_CHECKED_BYTES", "0")
    settings.cache_clear()
    with Collection.open(place) as collection:
        collection.database.read(f"UPDATE space_states SET {change}")
        assert verify(collection).errors
    if "count" in change:
        with pytest.raises(CorruptError, match=f"holds {IMAGES} vectors of space 'base' and"):
            seen(place)
    else:
        check(place, monkeypatch)

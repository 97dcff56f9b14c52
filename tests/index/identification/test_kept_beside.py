"""What identification makes of a large gallery is kept beside it, and never trusted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.identification import gallery_reference
from holotype.index.identification import reference as references
from holotype.index.identification.answers import Answer
from holotype.index.identification.calibration import Calibration
from holotype.index.identification.gallery_reference import reference_of
from holotype.index.identification.identify import identify_vector
from holotype.index.identification.kept_calibration import kept_calibration
from holotype.index.identification.reference import Reference
from holotype.index.settings import settings
from holotype.index.upkeep.compaction import compact
from holotype.index.upkeep.info import verify
from holotype.index.upkeep.snapshots import restore, snapshot
from holotype.index.vectors import HalfIndex, LayeredIndex
from holotype.index.vectors.base import Card, Parts
from holotype.scripts.bench.faults import plain
from holotype.training.spaces import calibrate_space
from tests.faults.test_index_files import HARMS

IMAGES = 240
KINDS = ("classes", "lists")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A calibrated collection that counts as large."""
    monkeypatch.setattr(references, "_MOST_EXACT", 100)
    plain.make(tmp_path / "c", IMAGES)
    with Collection.open(tmp_path / "c") as made:
        calibrate_space(made)
    return tmp_path / "c"


def answers(folder: Path) -> list[Answer]:
    with Collection.open(folder) as collection:
        return [
            identify_vector(collection, plain.vector_of(str(n) * 64), name="q", risk=0.5)
            for n in range(5)
        ]


def reference_now(collection: Collection) -> Reference:
    gallery = collection.gallery()
    kept = kept_calibration(collection, gallery)
    assert kept is not None
    found = reference_of(gallery, kept.calibration, kept.ranks, collection.database)
    assert found is not None
    return found


def files(folder: Path) -> dict[str, Path]:
    """The files that identification made, by kind."""
    found = [path for path in (folder / "index").iterdir() if path.suffix[1:] in KINDS]
    assert len({path.suffix for path in found}) == len(found)
    return {path.suffix[1:]: path for path in found}


def nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HalfIndex, "build", None)
    monkeypatch.setattr(gallery_reference, "reference_over", None)


def test_a_fresh_process_answers_from_the_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = answers(folder)
    assert sorted(files(folder)) == sorted(KINDS)
    nothing_is_made(monkeypatch)
    assert answers(folder) == before
    with Collection.open(folder) as collection:
        assert verify(collection).warnings == []
        assert not [path for path in compact(collection).removed if path.startswith("index/")]
    assert answers(folder) == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_file_is_noticed_and_made_again(folder: Path, kind: str, harm: str) -> None:
    before = answers(folder)
    path = files(folder)[kind]
    whole = path.read_bytes()
    HARMS[harm](path)
    with Collection.open(folder) as collection:
        found = verify(collection)
        assert found.errors == []
        told = [line for line in found.warnings if path.name in line]
        assert len(told) == 1
        assert "rebuilt at the next query" in told[0]
    assert answers(folder) == before
    if harm != "a folder in its place":
        assert files(folder)[kind].read_bytes() == whole
        with Collection.open(folder) as collection:
            assert verify(collection).warnings == []


def test_files_of_another_user_are_not_opened(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = answers(folder)
    old = files(folder)
    monkeypatch.setenv("HOLOTYPE_CONFIG", str(tmp_path / "another"))
    settings.cache_clear()
    opened: list[object] = []
    read = HalfIndex.from_parts

    def noted(card: Card, parts: Parts) -> HalfIndex:
        opened.append(card)
        return read(card, parts)

    monkeypatch.setattr(HalfIndex, "from_parts", noted)
    assert answers(folder) == before
    assert opened == []
    assert not set(files(folder).values()) & set(old.values())
    assert answers(folder) == before
    assert opened


def test_another_calibration_or_state_has_files_of_its_own(folder: Path) -> None:
    answers(folder)
    old = files(folder)
    with Collection.open(folder) as collection:
        collection.determine("specimen image 3", plain.lineage_of("x"), by="T")
    renamed = answers(folder)
    assert files(folder)["lists"] == old["lists"]
    assert files(folder)["classes"] != old["classes"]
    with Collection.open(folder) as collection:
        plain.put(collection, [(f"another {n}", n % 3) for n in range(40)])
        reference_now(collection)
        calibrate_space(collection, seed=1)
        identify_vector(collection, plain.vector_of("3" * 64), name="q")
    assert files(folder)["lists"] != old["lists"]
    assert answers(folder) != renamed


def test_what_changed_since_is_laid_over_the_lists(folder: Path) -> None:
    answers(folder)
    old = files(folder)["lists"]
    with Collection.open(folder) as collection:
        plain.put(collection, [("new", 0), ("image 7", 2)])
        collection.delete(["image 9"])
    with Collection.open(folder) as collection:
        found = [view.index for view in reference_now(collection).views]
        assert all(isinstance(index, LayeredIndex) for index in found)
        followed = answers(folder)
    assert files(folder)["lists"] == old
    for path in (folder / "index").iterdir():
        path.unlink()
    for one, other in zip(answers(folder), followed, strict=True):
        assert [hit.image for hit in one.neighbours] == [hit.image for hit in other.neighbours]


def test_a_snapshot_holds_none_and_its_copy_makes_its_own(folder: Path, tmp_path: Path) -> None:
    before = answers(folder)
    with Collection.open(folder) as collection:
        snapshot(collection, tmp_path / "s")
    restore(tmp_path / "s", tmp_path / "r")
    assert not (tmp_path / "r" / "index").exists()
    assert answers(tmp_path / "r") == before
    assert sorted(files(tmp_path / "r")) == sorted(KINDS)


def test_a_folder_that_cannot_be_written_is_answered_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = answers(folder)
    shutil.rmtree(folder / "index")

    def refuse(path: Path, data: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("holotype.index.gallery.index_files.write_durably", refuse)
    assert answers(folder) == before
    assert not (folder / "index").exists() or files(folder) == {}


def test_files_of_a_removed_space_are_needed_no_more(folder: Path) -> None:
    answers(folder)
    with Collection.open(folder) as collection:
        collection.remove_space("base", last=True)
        compact(collection)
    assert files(folder) == {}


# The shape of the likelihood --------------------------------------------------------------------


def keep_without_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep calibrations as they were kept before they had a shape."""
    kept: Callable[..., Calibration] = lambda source, calibration: calibration  # noqa: E731
    monkeypatch.setattr("holotype.index.identification.kept_calibration.with_shape", kept)


def test_a_calibration_without_a_shape_answers_as_one_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_shape = answers(folder)
    keep_without_shape(monkeypatch)
    with Collection.open(folder) as collection:
        calibrate_space(collection)
        kept = kept_calibration(collection, collection.gallery())
        assert kept is not None
        assert kept.calibration.shape is None
    for one, other in zip(answers(folder), with_shape, strict=True):
        assert one.determination == other.determination
        assert one.judgement.known == pytest.approx(other.judgement.known, abs=1e-6)


def test_a_process_that_followed_changes_answers_as_a_fresh_one(folder: Path) -> None:
    with Collection.open(folder) as collection:
        vector = plain.vector_of("3" * 64)
        identify_vector(collection, vector, name="q")
        for number in range(8):
            collection.determine(f"specimen image {number}", plain.lineage_of("x"), by="T")
            followed = identify_vector(collection, vector, name="q")
    with Collection.open(folder) as collection:
        fresh = identify_vector(collection, vector, name="q")
    assert fresh.judgement.known == pytest.approx(followed.judgement.known, abs=1e-9)
    for rank, taxa in followed.ranks.items():
        assert [p for _, p in fresh.ranks[rank]] == pytest.approx([p for _, p in taxa], abs=1e-9)

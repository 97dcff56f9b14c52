"""An index file is a cache: whatever happens to it, the answers stay the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.search import search, stored_vector
from holotype.index.storage.files_beside import list_files
from holotype.index.upkeep.info import verify
from tests.conftest import Draw

Harm = Callable[[Path], object]


def answers(folder: Path) -> list[tuple[str, float]]:
    with Collection.open(folder) as collection:
        vector = stored_vector(collection, collection.image("1-3.png"))
        return [(hit.image.image_id, hit.score) for hit in search(collection, vector, k=40)]


def index_file(folder: Path) -> Path:
    (found,) = (folder / "index").iterdir()
    return found


def flip(path: Path, at: float) -> None:
    data = bytearray(path.read_bytes())
    data[int(at * (len(data) - 1))] ^= 0x10
    path.write_bytes(data)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


HARMS: dict[str, Harm] = {
    "a flipped byte at the start": lambda path: flip(path, 0),
    "a flipped byte in the middle": lambda path: flip(path, 0.5),
    "a flipped byte at the end": lambda path: flip(path, 1),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "empty": lambda path: path.write_bytes(b""),
    "longer": lambda path: path.write_bytes(path.read_bytes() + bytes(8)),
    "other content": lambda path: path.write_text("not an index at all"),
    "deleted": lambda path: path.unlink(),
    "its folder deleted": lambda path: shutil.rmtree(path.parent),
    "a folder in its place": replace_by_folder,
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_index_file_is_noticed_and_rebuilt(folder: Path, harm: str) -> None:
    before, name = answers(folder), index_file(folder).name
    whole = index_file(folder).read_bytes()
    HARMS[harm](index_file(folder))
    with Collection.open(folder) as collection:
        found = verify(collection)
        assert found.errors == []
        assert len(found.warnings) == 1
        assert "rebuilt at the next query" in found.warnings[0]
    assert answers(folder) == before
    if harm != "a folder in its place":
        assert (folder / "index" / name).read_bytes() == whole
        with Collection.open(folder) as collection:
            assert verify(collection).warnings == []


def test_index_files_of_two_spaces_that_were_swapped_are_not_believed(
    folder: Path, source: Path, tiny: Encoder
) -> None:
    with Collection.open(folder) as collection:
        ingest(Manifest.read(source), collection, load_encoder(tiny.name, views=3), space="three")
        three = collection.gallery("three").index.vectors.copy()
    before = answers(folder)
    one, other = sorted((folder / "index").iterdir())
    spare = one.with_name("spare")
    one.rename(spare), other.rename(one), spare.rename(other)
    assert answers(folder) == before
    with Collection.open(folder) as collection:
        np.testing.assert_array_equal(collection.gallery("three").index.vectors, three)


def test_an_index_file_of_an_older_state_is_not_believed(
    folder: Path, tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    old = index_file(folder)
    kept = shutil.copy(old, tmp_path / "kept")
    draw(tmp_path / "s" / "Xestia baja" / "new.png", 9)
    with Collection.open(folder) as collection:
        ingest(Manifest.read(tmp_path / "s"), collection, tiny)
        assert len(collection.gallery().index) == 41
    shutil.copy(kept, index_file(folder))
    with Collection.open(folder) as collection:
        assert len(collection.gallery().index) == 41
    assert len(list((folder / "index").iterdir())) == 1


def test_what_a_process_left_when_it_died_is_told_and_cleared_away(folder: Path) -> None:
    whole = index_file(folder)
    old = f"base-{'0' * 16}.flat"
    left = [whole.with_name(name) for name in (old, f"{old}.{'1' * 16}.tmp")]
    left.append(whole.with_name(f"{whole.name}.{'2' * 16}.tmp"))
    for path in left:
        path.write_bytes(b"half an index")
    with Collection.open(folder) as collection:
        with collection.database.transaction() as connection:
            list_files(connection, [(f"index/{old}", "0" * 64)])
        warnings = verify(collection).warnings
        assert [str(path) for path in sorted(left)] == [
            line.split(" is needed no more")[0] for line in warnings
        ]
        whole.unlink()
        collection.database.read("DELETE FROM index_files")
    assert len(answers(folder)) == 40
    assert index_file(folder) == whole


def test_a_read_only_index_folder_does_not_matter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = answers(folder)
    shutil.rmtree(folder / "index")

    def refuse(path: Path, data: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("holotype.index.gallery.index_files.write_durably", refuse)
    assert answers(folder) == before

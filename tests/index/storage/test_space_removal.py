"""A space can be removed; images stay, and what was removed is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.errors import LockedError, NotFoundError, UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.upkeep.compaction import compact
from holotype.index.upkeep.info import verify
from holotype.training.spaces import tune_space
from tests.conftest import Cli

pytestmark = pytest.mark.both_stores


@pytest.fixture
def two(folder: Path, source: Path, tiny: Encoder) -> Path:
    """A collection with a second space, and one that is tuned from it."""
    with Collection.open(folder) as collection:
        ingest(Manifest.read(source), collection, load_encoder(tiny.name, views=3), space="three")
        tune_space(collection, space="three", name="tuned")
        for name in ("base", "three", "tuned"):
            collection.gallery(name)
    return folder


def test_a_space_goes_with_all_that_belongs_to_it(two: Path) -> None:
    with Collection.open(two) as collection:
        before = list(collection.images())
        with pytest.raises(UsageError, match="tuned is tuned from 'three'"):
            collection.remove_space("three")
        gone = collection.remove_space("three", with_tuned=True, by="A. Tester", remarks="old")
        assert gone == ["tuned", "three"]
        assert [space.name for space in collection.spaces()] == ["base"]
        assert list(collection.images()) == before
        assert len(collection.gallery()) == 40
        with pytest.raises(NotFoundError, match="has no space 'three'"):
            collection.gallery("three")
        for table in ("projections", "canaries"):
            query = f"SELECT count(*) FROM {table}"
            assert collection.database.read(query)[0][0] == (3 if table == "canaries" else 0)
        kept = collection.database.read("SELECT name, vectors, removed_by FROM removed_spaces")
        told = sorted(tuple(row) for row in kept)
        assert told == [("three", 40, "A. Tester"), ("tuned", 0, "A. Tester")]
        assert verify(collection).errors == []
        compact(collection)
        assert verify(collection).warnings == []
        left = {path.name.partition("-")[0] for path in (two / "index").glob("*")}
        assert left <= {"base"}


def test_its_number_is_never_another_ones(two: Path) -> None:
    with Collection.open(two) as collection:
        number = collection.space("three").space_id
        collection.remove_space("three", with_tuned=True)
        new = collection.add_space("three", encoder="external:y", fingerprint="y", views=1, dim=3)
        assert new.space_id > number


def test_the_last_one_goes_only_when_told_to(folder: Path) -> None:
    with Collection.open(folder) as collection:
        with pytest.raises(UsageError, match="--last"):
            collection.remove_space("base")
        collection.remove_space("base", last=True)
        with pytest.raises(NotFoundError):
            collection.gallery()
        assert len(list(collection.images())) == 40


def test_a_locked_collection_says_so(two: Path) -> None:
    with Collection.open(two) as collection, Database(two).writing():
        with pytest.raises(LockedError):
            collection.remove_space("three", with_tuned=True)
        assert len(collection.spaces()) == 3


def test_from_the_command_line(two: Path, cli: Cli) -> None:
    code, _, err = cli("collection", "remove-space", two, "nowhere", "--yes")
    assert code == 2
    assert "has no space 'nowhere'" in " ".join(err.split())
    code, out, _ = cli("collection", "remove-space", two, "tuned", "--yes", "--json")
    assert (code, out.split()) == (0, ["{", '"removed":', "[", '"tuned"', "]", "}"])
    assert cli("collection", "remove-space", two, "three", "--yes")[0] == 0

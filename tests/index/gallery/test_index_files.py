"""Index files of the larger kinds: what changed since they were written is laid over them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.encoders import Encoder
from holotype.index.gallery import index_files as generations
from holotype.index.gallery.index_files import about_index
from holotype.index.gallery.rebuilding import rebuild_beside
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.search import search, stored_vector
from holotype.index.upkeep.info import verify
from holotype.index.vectors import KINDS, LayeredIndex
from tests.conftest import Ask, Cli, Draw, NoThreads

LARGER = sorted(set(KINDS) - {"flat"})


@pytest.fixture(params=LARGER)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HOLOTYPE_INDEX_KIND", request.param)
    monkeypatch.setattr(generations, "_MANY_CHANGED", 1)
    return str(request.param)


def check(folder: Path) -> None:
    """Hold what a collection finds against products of what it stores."""
    with Collection.open(folder) as collection:
        stored = {image.image_id: stored_vector(collection, image) for image in collection.images()}
        for image_id in ("1-3.png", "3-9.png"):
            found = search(collection, stored[image_id], k=100)
            wanted = sorted(stored, key=lambda other: -float(stored[other] @ stored[image_id]))
            scores = [float(stored[other] @ stored[image_id]) for other in wanted]
            np.testing.assert_allclose([hit.score for hit in found], scores, atol=1e-6)
            assert {hit.image.image_id for hit in found} == set(stored)
        gallery = collection.gallery()
        assert len(gallery.index.vectors) == len(gallery)


def test_changes_are_found_without_building_anew(
    folder: Path, tmp_path: Path, draw: Draw, tiny: Encoder, kind: str
) -> None:
    check(folder)
    (file,) = (folder / "index").iterdir()
    assert file.suffix == f".{kind}"
    draw(tmp_path / "s" / "Xestia baja" / "new.png", 9)
    draw(tmp_path / "s" / "Xestia baja" / "newer.png", 10)
    with Collection.open(folder) as collection:
        ingest(Manifest.read(tmp_path / "s"), collection, tiny)
        assert isinstance(collection.gallery().index, LayeredIndex)
    check(folder)
    with Collection.open(folder) as collection:
        collection.delete(["0-0.png", "2-5.png", "Xestia baja/new.png"])
        index = collection.gallery().index
        assert isinstance(index, LayeredIndex)
        assert (len(index), index.changes) == (39, 3)
    check(folder)
    assert list((folder / "index").iterdir()) == [file]


def test_many_changes_are_searched_while_an_index_is_built_beside(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    check(folder)
    (old,) = (folder / "index").iterdir()
    go_on, threads = threading.Event(), []

    def hold(folder: Path, space: str, build: Callable[[Database], None]) -> None:
        def held(database: Database) -> None:
            assert go_on.wait(60)
            build(database)

        threads.append(rebuild_beside(folder, space, held))

    monkeypatch.setattr(generations, "_MANY_CHANGED", 0.05)
    monkeypatch.setattr(generations, "rebuild_beside", hold)
    with Collection.open(folder) as collection:
        collection.delete([f"0-{place}.png" for place in range(5)])
    check(folder)
    assert list((folder / "index").iterdir()) == [old]
    go_on.set()
    for thread in threads:
        thread.join()
    (new,) = (folder / "index").iterdir()
    assert new != old
    with Collection.open(folder) as collection:
        assert not isinstance(collection.gallery().index, LayeredIndex)
    check(folder)


def test_an_index_that_no_thread_can_build_is_left_to_the_next(
    folder: Path, no_threads: NoThreads
) -> None:
    built = list[Database]()
    with no_threads("rebuild"):
        rebuild_beside(folder, "base", built.append)
    rebuild_beside(folder, "base", built.append).join()
    assert len(built) == 1


def test_many_changes_build_anew(folder: Path, kind: str) -> None:
    check(folder)
    with Collection.open(folder) as collection:
        collection.delete([f"{number}-{place}.png" for number in (0, 2) for place in range(10)])
        assert not isinstance(collection.gallery().index, LayeredIndex)
    check(folder)


@pytest.mark.parametrize("kind", ["ivf"], indirect=True)
def test_info_says_which_kind_why_and_its_recall(
    folder: Path, ask: Ask, cli: Cli, kind: str
) -> None:
    with Collection.open(folder) as collection:
        collection.gallery()
    why = f"{kind}, because HOLOTYPE_INDEX_KIND asks for it"
    (space,) = ask("collection", "info", folder)["spaces"]
    assert (space["index"], space["index_why"], space["index_recall"]) == (kind, why, 1)
    _, said, _ = cli("collection", "info", folder)
    assert f"index {why}; recall@10 1.000" in said
    assert ask("collection", "verify", folder, "--recall")["recall"] == {"base": 1}
    assert "recall" not in ask("collection", "verify", folder)
    _, said, _ = cli("collection", "verify", folder, "--recall")
    assert "Space base: recall@10 1.000 against exact search" in said


def test_another_kind_is_built_where_it_is_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with Collection.open(folder) as collection:
        assert collection.gallery().index.kind == kind
        space = collection.space()
        about = about_index(collection.database, space)
        assert about is not None
        assert (about["kind"], about["count"]) == (kind, 40)
        assert about["why"] == f"{kind}, because HOLOTYPE_INDEX_KIND asks for it"
        assert verify(collection).warnings == []


@pytest.mark.parametrize("checked", ["true", "false"])
def test_damage_is_noticed_unless_nobody_looks(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, checked: str
) -> None:
    check(folder)
    (file,) = (folder / "index").iterdir()
    whole = file.read_bytes()
    monkeypatch.setenv("HOLOTYPE_CHECK_INDEX_FILES", checked)
    file.write_bytes(whole[:-1])
    check(folder)
    assert file.read_bytes() == whole
    damaged = bytearray(whole)
    damaged[-5000] ^= 1
    if checked == "true":
        file.write_bytes(damaged)
        check(folder)
        assert file.read_bytes() == whole

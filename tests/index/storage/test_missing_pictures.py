"""`verify` tells which pictures are gone, and with `--pictures` which are others by now."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.storage.sources import add_sources
from holotype.index.upkeep.info import verify
from holotype.scripts.bench.faults import plain
from tests.conftest import Cli


def pointed_at(folder: Path, pictures: Path) -> list[Path]:
    """Let the images of a collection lie elsewhere, and return where."""
    with Collection.open(folder) as opened:
        images = [i for i in opened.images() if i.path]
        shutil.copytree(opened.picture_path(images[0]).parent, pictures)
        moved = [replace(image, path=str(pictures / Path(image.path).name)) for image in images]
        opened.store(opened.space(), [(image, None) for image in moved])
        add_sources(opened.database, [pictures])
    return [pictures / Path(image.path).name for image in images]


def test_missing_originals_are_noticed(folder: Path, tmp_path: Path) -> None:
    paths = pointed_at(folder, tmp_path / "pictures")
    with Collection.open(folder) as opened:
        assert verify(opened).warnings == []
        paths[0].unlink()
        paths[1].unlink()
        paths[1].mkdir()
        (first, second) = verify(opened).warnings
    assert first.startswith(f"{paths[0]} is missing; put it back")
    assert second.startswith(f"{paths[1]} is missing")


def test_missing_copies_are_noticed(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "c") as made:
        image = replace(plain.image_of("a"), path="images/aa/a.png")
        made.store(plain.space_of(made), [(image, plain.vector_of(image.sha256))])
        (warning,) = verify(made).warnings
    assert warning.startswith(f"{tmp_path / 'c' / 'images/aa/a.png'} is missing")


def test_the_first_are_named_and_the_others_counted(folder: Path, tmp_path: Path, cli: Cli) -> None:
    paths = pointed_at(folder, tmp_path / "pictures")
    shutil.rmtree(tmp_path / "pictures")
    with Collection.open(folder) as opened:
        for pictures in (False, True):
            warnings = verify(opened, pictures=pictures).warnings
            assert len(warnings) == 21
            assert warnings[-1] == f"{len(paths) - 20} more pictures are missing"
    code, out, err = cli("collection", "verify", folder)
    assert code == 0
    assert "The collection is whole." in out
    assert err.count("is missing") == 20


@pytest.mark.skipif(os.name != "posix", reason="needs named pipes")
def test_what_is_no_file_is_not_read(folder: Path, tmp_path: Path) -> None:
    paths = pointed_at(folder, tmp_path / "pictures")
    paths[0].unlink()
    os.mkfifo(paths[0])
    with Collection.open(folder) as opened:
        (warning,) = verify(opened, pictures=True).warnings
    assert warning.startswith(f"{paths[0]} is missing")


def test_other_pictures_are_noticed_when_they_are_read(folder: Path, tmp_path: Path) -> None:
    paths = pointed_at(folder, tmp_path / "pictures")
    shutil.copyfile(paths[1], paths[0])
    with Collection.open(folder) as opened:
        assert verify(opened).warnings == []
        (warning,) = verify(opened, pictures=True).warnings
    assert warning == f"{paths[0]} is not the picture that was ingested; ingest it again"

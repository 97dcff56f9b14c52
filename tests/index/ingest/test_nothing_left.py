"""An ingest that stores nothing leaves no collection behind where none was before."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from tests.conftest import Cli, Draw


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "note.jpg").write_text("no picture")
    return folder


def ingest(cli: Cli, source: Path, to: Path, *options: object) -> str:
    code, out, err = cli("ingest", source, "--to", to, *options)
    assert (code, out) == (1, ""), err
    return err


def test_a_folder_without_a_usable_picture(cli: Cli, bad: Path, tmp_path: Path) -> None:
    assert "Nothing was stored" in ingest(cli, bad, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_was_there_stays_as_it_was(cli: Cli, bad: Path, tmp_path: Path) -> None:
    empty, other = tmp_path / "empty", tmp_path / "other"
    for folder in (empty, other):
        folder.mkdir()
    (other / "images").mkdir()
    (other / "images" / "mine.txt").write_text("mine")
    ingest(cli, bad, empty)
    ingest(cli, bad, other, "--into-existing")
    assert list(empty.iterdir()) == []
    assert [path.name for path in other.rglob("*")] == ["images", "mine.txt"]


def test_vectors_that_cannot_be_used(cli: Cli, tmp_path: Path) -> None:
    rows = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(8, np.float32)), 4)
    pq.write_table(pa.table({"image_id": ["a", "b"], "embedding": rows}), tmp_path / "v.parquet")
    ingest(cli, tmp_path / "v.parquet", tmp_path / "new", "--encoder", "elsewhere")
    assert not (tmp_path / "new").exists()


def test_what_was_there_before_stays(cli: Cli, bad: Path, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    ingest(cli, bad, folder, "--space", "other")
    with Collection.open(folder) as collection:
        assert len(list(collection.images())) == 40
    assert sorted(folder.rglob("*")) == before


def test_an_empty_collection_that_was_made_on_purpose_stays(
    cli: Cli, bad: Path, tmp_path: Path
) -> None:
    Collection.create(tmp_path / "c").close()
    ingest(cli, bad, tmp_path / "c")
    with Collection.open(tmp_path / "c") as collection:
        assert list(collection.images()) == []


def test_what_was_stored_before_an_error_stays(tmp_path: Path) -> None:
    with suppress(ZeroDivisionError), Collection.create(tmp_path / "c") as collection:
        collection.add_space("base", encoder="x", fingerprint="y", views=1, dim=4)
        raise ZeroDivisionError
    assert [space.name for space in Collection.open(tmp_path / "c").spaces()] == ["base"]


def test_a_collection_that_another_process_fills_stays(tmp_path: Path) -> None:
    with ExitStack() as held, suppress(ZeroDivisionError), Collection.create(tmp_path / "c"):
        held.enter_context(Database(tmp_path / "c").writing())
        raise ZeroDivisionError
    assert (tmp_path / "c" / "collection.sqlite").is_file()


def test_it_can_be_made_again(
    cli: Cli, bad: Path, tmp_path: Path, draw: Draw, tiny_folder: Path
) -> None:
    ingest(cli, bad, tmp_path / "c")
    draw(bad / "good.png", 1)
    command = ("ingest", bad, "--to", tmp_path / "c", "--encoder", f"checkpoint:{tiny_folder}")
    assert cli(*command)[0] == 0

"""A collection shows pictures from the folders that its ingest was pointed at, and no others."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import PictureError, UsageError
from holotype.index.ingest.pictures import IngestReport, ingest
from holotype.index.ingest.vectors import load_vectors
from holotype.index.manifests.manifest import Manifest
from holotype.index.pictures.reading import read_bytes
from holotype.index.storage.sources import add_sources
from holotype.index.upkeep.compaction import compact
from holotype.index.upkeep.info import verify
from tests.conftest import Ask, Draw


@pytest.fixture
def private(tmp_path: Path, draw: Draw) -> Path:
    """A picture that no ingest was pointed at."""
    return draw(tmp_path / "private" / "letter.png", 7)


@pytest.fixture
def made(tmp_path: Path) -> Collection:
    return Collection.create(tmp_path / "collection")


def sources(collection: Collection) -> list[str]:
    return [row[0] for row in collection.database.read("SELECT folder FROM sources ORDER BY 1")]


def table(file: Path, paths: list[str]) -> Path:
    rows = np.eye(max(4, len(paths)), dtype=np.float32)[: len(paths)]
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"path": paths, "embedding": pa.array(list(map(list, rows)))}), file)
    return file


def load(file: Path, collection: Collection, **options: object) -> IngestReport:
    return load_vectors(file, collection, encoder="other", **options)  # type: ignore[arg-type]


def shown(collection: Collection) -> list[bool]:
    """Whether the picture of each image can be had, by every door that opens it."""
    found = []
    for image in collection.images():
        try:
            read_bytes(collection.picture_path(image))
            found.append(True)
        except PictureError:
            with pytest.raises(PictureError):
                collection.thumbnail(image)
            found.append(False)
    return found


def test_a_folder_and_what_lies_below_it_are_one_source(
    tmp_path: Path, draw: Draw, tiny: Encoder, made: Collection
) -> None:
    draw(tmp_path / "m" / "moths" / "1.png", 1)
    draw(tmp_path / "m" / "shells" / "2.png", 2)
    ingest(Manifest.read(tmp_path / "m" / "moths"), made, tiny)
    assert sources(made) == [str(tmp_path / "m" / "moths")]
    ingest(Manifest.read(tmp_path / "m"), made, tiny)
    assert sources(made) == [str(tmp_path / "m")]
    ingest(Manifest.read(tmp_path / "m" / "shells"), made, tiny)
    assert sources(made) == [str(tmp_path / "m")]
    assert all(shown(made))
    assert verify(made, pictures=True) == verify(made)


def test_what_a_manifest_names_elsewhere_was_read_and_is_shown_but_not_its_neighbours(
    tmp_path: Path, draw: Draw, tiny: Encoder, made: Collection
) -> None:
    draw(tmp_path / "m" / "1.png", 1)
    draw(tmp_path / "beside" / "2.png", 2)
    far = draw(tmp_path / "far" / "away" / "3.png", 3)
    (tmp_path / "m" / "t.csv").write_text(f"path\n1.png\n../beside/2.png\n{far}\n../no/4.png\n")
    ingest(Manifest.read(tmp_path / "m" / "t.csv"), made, tiny)
    assert sources(made) == [str(tmp_path / name) for name in ("beside", "far/away", "m")]
    assert shown(made) == [True, True, True]


def test_a_vector_table_shows_its_own_folder_and_those_that_are_named(
    tmp_path: Path, draw: Draw, private: Path, made: Collection
) -> None:
    draw(tmp_path / "t" / "1.png", 1)
    file = table(tmp_path / "t" / "v.parquet", ["1.png", str(private), "../private/letter.png"])
    with pytest.raises(UsageError, match="--pictures"):
        load(file, made, pictures=[private])
    report = load(file, made)
    assert report.embedded == 3
    [note] = report.problems
    assert (note.row, note.severity) == (3, "note")
    assert note.message.startswith("2 pictures")
    assert "--pictures" in note.message
    assert shown(made) == [True, False, False]
    assert load(file, made, pictures=[private.parent]).problems == []
    assert shown(made) == [True, True, True]


@pytest.mark.parametrize("name", ["/dev/zero", "/proc/self/mem", "../pipe.png", "/etc/passwd"])
def test_what_a_vector_table_names_is_never_opened(
    tmp_path: Path, made: Collection, name: str
) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert load(table(tmp_path / "t" / "v.parquet", [name]), made).embedded == 1
    assert shown(made) == [False]
    warnings = verify(made, pictures=True).warnings
    assert len(warnings) == 1
    assert "shows none" in warnings[0]


def test_dots_do_not_lead_out_of_a_source(tmp_path: Path, private: Path, made: Collection) -> None:
    (tmp_path / "t").mkdir()
    names = ["../t/../private/letter.png", "x/../../private/letter.png", "../t2/1.png"]
    report = load(table(tmp_path / "t" / "v.parquet", names), made)
    assert "'private/letter.png' is already in row 2" in report.problems[0].message
    assert shown(made) == [False, False]


def test_a_link_that_the_user_laid_in_a_source_is_followed(
    tmp_path: Path, private: Path, tiny: Encoder, made: Collection
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "1.png").symlink_to(private)
    (tmp_path / "also").symlink_to(tmp_path / "m")
    ingest(Manifest.read(tmp_path / "also"), made, tiny)
    assert shown(made) == [True]


def test_a_copy_is_shown_from_the_collections_images_only(
    tmp_path: Path, draw: Draw, private: Path, tiny: Encoder, made: Collection
) -> None:
    draw(tmp_path / "m" / "1.png", 1)
    ingest(Manifest.read(tmp_path / "m"), made, tiny, copy_images=True)
    assert shown(made) == [True]
    [image] = made.images()
    for path in ("../private/letter.png", "images/../../private/letter.png", "collection.sqlite"):
        made.database.read("UPDATE images SET path = ?", (path,))
        with pytest.raises(PictureError, match="not inside"):
            made.picture_path(next(made.images()))
    made.database.read("UPDATE images SET path = ?", (image.path,))
    copy = made.folder / image.path
    shutil.move(copy.parent, tmp_path / "elsewhere")
    copy.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PictureError, match="not inside"):
        made.picture_path(image)


def test_what_another_process_adds_is_seen(tmp_path: Path, private: Path, made: Collection) -> None:
    load(table(tmp_path / "t" / "v.parquet", [str(private)]), made)
    assert shown(made) == [False]
    with Collection.open(made.folder) as other:
        add_sources(other.database, [private.parent])
    assert shown(made) == [True]


def test_a_source_that_was_written_by_hand_opens_nothing(
    tmp_path: Path, private: Path, made: Collection
) -> None:
    load(table(tmp_path / "t" / "v.parquet", [str(private)]), made)
    made.require_intact()
    made.database.read("INSERT INTO sources VALUES ('/', '2026', 0)")
    assert shown(made) == [False]


def test_from_the_command_line(tmp_path: Path, private: Path, ask: Ask) -> None:
    file = table(tmp_path / "t" / "v.parquet", [str(private)])
    to = ("--to", tmp_path / "c", "--encoder", "other")
    assert len(ask("ingest", file, *to)["problems"]) == 1
    assert ask("ingest", file, *to, "--pictures", private.parent)["problems"] == []
    with Collection.open(tmp_path / "c") as collection:
        assert shown(collection) == [True]


def test_pictures_of_a_table_without_their_hash_are_hashed_and_shown(
    tmp_path: Path, draw: Draw, made: Collection
) -> None:
    draw(tmp_path / "t" / "1.png", 1)
    draw(tmp_path / "t" / "2.png", 2)
    file = table(tmp_path / "t" / "v.parquet", ["1.png", "2.png", "gone.png"])
    assert load(file, made).embedded == 3
    first, second, gone = made.images()
    assert made.thumbnail(first)
    assert made.thumbnail(second)
    with pytest.raises(PictureError):
        made.thumbnail(gone)
    assert load(file, made).unchanged == 3
    assert len(verify(made, pictures=True).warnings) == 1
    shutil.copyfile(tmp_path / "t" / "2.png", tmp_path / "t" / "1.png")
    shutil.rmtree(tmp_path / "collection" / "thumbnails")
    with pytest.raises(PictureError, match="is not the picture"):
        made.thumbnail(first)


@pytest.mark.parametrize("link", ["in", "in/deep", "1.png"])
def test_a_link_beside_a_table_of_vectors_leads_nowhere(
    tmp_path: Path, draw: Draw, made: Collection, private: Path, link: str
) -> None:
    target = private if link.endswith(".png") else private.parent
    path = tmp_path / "t" / link
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    name = link if link.endswith(".png") else f"{link}/{private.name}"
    report = load(table(tmp_path / "t" / "v.parquet", [name]), made)
    assert "--pictures" in report.problems[0].message
    assert shown(made) == [False]


def test_copies_are_ours_before_they_are_made(
    tmp_path: Path, draw: Draw, tiny: Encoder, made: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill in the middle: the copies lie there, no image is stored."""
    draw(tmp_path / "m" / "Xestia baja" / "1.png", 1)
    manifest = Manifest.read(tmp_path / "m")
    with monkeypatch.context() as patched:
        patched.setattr(Collection, "store", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            ingest(manifest, made, tiny, copy_images=True)
    (copy,) = (made.folder / "images").rglob("*.png")
    removed = compact(made).removed
    assert [made.folder / path for path in removed] == [copy]
    assert not copy.exists()


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt

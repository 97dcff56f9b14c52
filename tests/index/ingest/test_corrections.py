"""What is ingested again: moved pictures, corrected labels, copies under two names, returns."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import ManifestError
from holotype.index.export.parquet import export_parquet
from holotype.index.ingest.pictures import IngestReport, ingest
from holotype.index.ingest.vectors import load_vectors
from holotype.index.manifests.manifest import Manifest
from holotype.index.upkeep.info import verify
from tests.conftest import Cli, Draw

Again = Callable[..., IngestReport]


@pytest.fixture
def tree(tmp_path: Path, draw: Draw) -> Path:
    root = tmp_path / "tree"
    for number, species in enumerate(("Lycaena phlaeas", "Lycaena dispar")):
        for each in range(3):
            draw(root / species / f"{each}.png", 10 * number + each)
    return root


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "c") as collection:
        yield collection


@pytest.fixture
def again(made: Collection, tiny: Encoder) -> Again:
    def run(source: Path, **options: Any) -> IngestReport:
        return ingest(Manifest.read(source), made, tiny, **options)

    return run


def names(collection: Collection) -> dict[str, str]:
    return {image.image_id: image.lineage[-1] for image in collection.images()}


def notes(report: IngestReport) -> list[tuple[str, str]]:
    return [(problem.severity, problem.message) for problem in report.problems]


def move(tree: Path, old: str, new: str) -> None:
    (tree / new).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(tree / old, tree / new)


def test_a_moved_picture_is_a_correction(made: Collection, tree: Path, again: Again) -> None:
    again(tree)
    move(tree, "Lycaena phlaeas/0.png", "Lycaena dispar/x.png")
    report = again(tree)
    assert (report.embedded, report.unchanged) == (0, 6)
    said = report.to_dict()
    assert (said["labels_changed"], said["moved"], said["metadata_changed"]) == (1, 1, 0)
    change = {"before": "Lycaena phlaeas", "after": "Lycaena dispar"}
    assert said["label_changes"] == [{"image_id": "Lycaena phlaeas/0.png", **change}]
    assert report.corrections.sentences()[0].startswith("1 label changed (Lycaena phlaeas/0.png: ")
    assert names(made)["Lycaena phlaeas/0.png"] == "Lycaena dispar"
    assert len(names(made)) == 6
    image = made.image("Lycaena phlaeas/0.png")
    assert image.path == str(tree / "Lycaena dispar" / "x.png")
    assert [severity for severity, _ in notes(report)] == ["note"]
    report = again(tree)  # and once more nothing changes
    assert (report.unchanged, notes(report), report.corrections.sentences()) == (6, [], [])
    move(tree, "Lycaena dispar/x.png", "Lycaena phlaeas/0.png")
    assert again(tree).to_dict()["labels_changed"] == 1
    assert names(made)["Lycaena phlaeas/0.png"] == "Lycaena phlaeas"


def test_a_moved_picture_keeps_what_people_said(made: Collection, tree: Path, again: Again) -> None:
    again(tree)
    lineage = made.image("Lycaena dispar/0.png").lineage
    made.determine("Lycaena phlaeas/1.png", lineage, by="A. Fern")
    move(tree, "Lycaena phlaeas/1.png", "Lycaena virgaureae/1.png")
    said = again(tree).to_dict()
    assert (said["labels_changed"], said["labels_overruled"], said["moved"]) == (0, 1, 1)
    assert names(made)["Lycaena phlaeas/1.png"] == "Lycaena dispar"


def test_copies_inside_the_collection_are_moved_too(
    made: Collection, tree: Path, again: Again
) -> None:
    again(tree, copy_images=True)
    move(tree, "Lycaena phlaeas/0.png", "Lycaena dispar/x.png")
    report = again(tree, copy_images=True)
    assert report.to_dict()["labels_changed"] == 1
    assert len(names(made)) == 6
    assert made.image("Lycaena phlaeas/0.png").path.startswith("images/")
    assert again(tree).corrections.sentences() == []


def test_a_moved_picture_is_known_in_another_space_too(
    made: Collection, tree: Path, again: Again
) -> None:
    again(tree)
    move(tree, "Lycaena phlaeas/0.png", "Lycaena dispar/x.png")
    report = again(tree, space="second")
    assert (report.embedded, report.to_dict()["labels_changed"]) == (6, 1)
    assert len(names(made)) == 6


def test_a_copy_under_another_name_is_left_out_with_a_line(
    made: Collection, tree: Path, again: Again, tmp_path: Path
) -> None:
    again(tree)
    other = tmp_path / "other"
    (other / "Lycaena dispar").mkdir(parents=True)
    shutil.copy(tree / "Lycaena phlaeas" / "0.png", other / "Lycaena dispar" / "copy.png")
    shutil.copy(tree / "Lycaena dispar" / "0.png", other / "Lycaena dispar" / "same.png")
    with pytest.raises(ManifestError, match=r"Nothing was stored: row .* is the same picture"):
        again(other, strict=True)
    assert len(names(made)) == 6
    report = again(other)
    assert report.embedded == 1
    (error, said), (note, told) = sorted(notes(report))
    assert (error, note) == ("error", "note")
    assert "'Lycaena phlaeas/0.png'" in said
    assert "is Lycaena phlaeas and not Lycaena dispar; correct one" in said
    assert "is the same picture as 'Lycaena dispar/0.png'" in told
    assert names(made).keys() >= {"Lycaena dispar/same.png"}
    assert "Lycaena dispar/copy.png" not in names(made)
    assert verify(made).notes == []


def test_a_table_that_says_more_changes_metadata_and_labels(
    made: Collection, tree: Path, again: Again
) -> None:
    again(tree)
    table = tree / "table.csv"
    lines = ["path,species,habitat,split"]
    lines += [f"Lycaena phlaeas/{n}.png,Lycaena phlaeas,meadow,train" for n in range(2)]
    lines += ["Lycaena phlaeas/2.png,Lycaena tityrus,,train"]
    table.write_text("\n".join(lines) + "\n")
    said = again(table).to_dict()
    assert (said["labels_changed"], said["metadata_changed"]) == (1, 3)
    assert said["columns_changed"] == {"habitat": 2, "split": 3}
    assert again(table).corrections.sentences() == []


def test_an_image_that_was_deleted_comes_back_with_a_line(
    made: Collection, tree: Path, again: Again, cli: Cli, tiny_folder: Path
) -> None:
    again(tree)
    made.delete(["Lycaena phlaeas/0.png", "Lycaena phlaeas/1.png"])
    code, out, err = cli(
        "ingest", tree, "--to", made.folder, "--encoder", f"checkpoint:{tiny_folder}"
    )
    assert (code, err.count("error")) == (0, 0), err
    assert "2 images that had been deleted came back." in out
    made.delete(["Lycaena phlaeas/0.png"])
    move(tree, "Lycaena phlaeas/0.png", "Lycaena phlaeas/renamed.png")
    command = ("ingest", tree, "--to", made.folder, "--encoder", f"checkpoint:{tiny_folder}")
    assert json.loads(cli(*command, "--json")[1])["came_back"] == 1


def test_vectors_say_what_they_change_too(
    made: Collection, tree: Path, again: Again, tmp_path: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    again(tree)
    export_parquet(made, tmp_path / "out.parquet")
    assert load_vectors(tmp_path / "out.parquet", made).corrections.sentences() == []
    table = pq.read_table(tmp_path / "out.parquet")
    species = ["Lycaena helle", *table["species"].to_pylist()[1:]]
    place = table.column_names.index("species")
    pq.write_table(
        table.set_column(place, "species", pa.array(species)), tmp_path / "changed.parquet"
    )
    said = load_vectors(tmp_path / "changed.parquet", made).to_dict()
    assert (said["labels_changed"], said["metadata_changed"]) == (1, 0)


def test_verify_lists_pictures_under_two_names(
    made: Collection, tree: Path, again: Again, cli: Cli
) -> None:
    shutil.copy(tree / "Lycaena phlaeas" / "0.png", tree / "Lycaena phlaeas" / "twin.png")
    again(tree)
    assert verify(made).notes == []
    lineage = made.image("Lycaena dispar/0.png").lineage
    made.determine("Lycaena phlaeas/twin.png", (*lineage[:-1], ""), by="A. Fern")
    assert verify(made).notes == []  # to genus only: that is no other name
    made.determine("Lycaena phlaeas/twin.png", lineage, by="A. Fern")
    found = verify(made)
    assert (found.errors, found.warnings, len(found.notes)) == ([], [], 1)
    for part in ("Lycaena phlaeas/0.png (Lycaena phlaeas)", "twin.png (Lycaena dispar)"):
        assert part in found.notes[0]
    code, out, err = cli("collection", "verify", made.folder)
    assert (code, out) == (0, "The collection is whole.\n")
    assert "note The same picture carries two names" in err
    said = json.loads(cli("collection", "verify", made.folder, "--json")[1])
    assert (said["ok"], len(said["notes"])) == (True, 1)

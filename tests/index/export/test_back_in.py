"""What is exported for a spreadsheet comes back in as it was, or as it was corrected there."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.export.images import export_images
from holotype.index.ingest.pictures import IngestReport, ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.storage.specimens.listing import accepted_of
from holotype.index.visible import guarded, unguarded
from tests.conftest import Cli, Draw

NAMES = ("Xestia cf. baja", "Xestia sp. 1", "Xestia_baja (L.)")

Again = Callable[[Path], IngestReport]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "c") as collection:
        yield collection


@pytest.fixture
def again(made: Collection, tiny: Encoder) -> Again:
    return lambda path: ingest(Manifest.read(path), made, tiny)


@pytest.fixture
def table(tmp_path: Path, draw: Draw) -> Callable[..., Path]:
    """Write a table with a picture for every row."""

    def write(**columns: list[str]) -> Path:
        count = len(next(iter(columns.values())))
        paths = [draw(tmp_path / f"{n}.png", n, like=n).name for n in range(count)]
        with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerows([("path", *columns), *zip(paths, *columns.values(), strict=True)])
        return tmp_path / "t.csv"

    return write


def exported(collection: Collection, path: Path) -> list[dict[str, str]]:
    export_images(collection, path, overwrite=True)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_an_export_comes_back_unchanged(
    made: Collection, again: Again, table: Callable[..., Path], tmp_path: Path
) -> None:
    again(table(species=list(NAMES), image_id=["=1", "-a", "c"], category=["@x", "+y", "z"]))
    export_images(made, tmp_path / "a.csv")
    before = list(made.images())
    assert [one.image_id for one in before] == ["=1", "-a", "c"]
    report = again(tmp_path / "a.csv")
    assert "Metadata" not in " ".join(problem.message for problem in report.problems)
    assert [(one.lineage, one.metadata) for one in made.images()] == [
        (one.lineage, one.metadata) for one in before
    ]
    export_images(made, tmp_path / "b.csv")
    export_images(made, tmp_path / "c.csv")
    again(tmp_path / "c.csv")
    export_images(made, tmp_path / "d.csv")
    assert (tmp_path / "d.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_a_column_that_was_stored_in_lower_case_is_the_same_one(
    made: Collection, again: Again, table: Callable[..., Path], tmp_path: Path
) -> None:
    again(table(species=list(NAMES)))
    with made.database.writing(), made.database.transaction() as connection:
        for row, metadata in connection.execute("SELECT row, metadata FROM images").fetchall():
            own = json.loads(metadata)
            own = {**own, **{key.lower(): value for key, value in own.items()}}
            connection.execute(
                "UPDATE images SET metadata = ? WHERE row = ?", (json.dumps(own), row)
            )
    rows = exported(made, tmp_path / "a.csv")
    assert [row["identificationQualifier"] for row in rows] == ["cf. baja", "sp. 1", ""]
    assert "identificationqualifier" not in rows[0]
    again(tmp_path / "a.csv")
    assert [key for one in made.images() for key in one.metadata if key.islower()] == []


def test_a_corrected_name_leaves_the_old_qualifier_behind(
    made: Collection, again: Again, table: Callable[..., Path], tmp_path: Path
) -> None:
    again(table(species=list(NAMES), specimen_id=["a", "b", "c"]))
    exported(made, tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    text = text.replace("Xestia cf. baja", "Xestia xanthographa").replace(
        ",Xestia sp. 1,", ",Xestia baja,"
    )
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    report = again(tmp_path / "a.csv")
    assert "the qualifier 'cf. baja' is none of 'Xestia xanthographa'" in str(report.problems)
    told = [accepted_of(made.database, name) for name in "ab"]
    given = [(one.lineage[-1], one.said["qualifier"]) for one in told if one]
    assert given == [("Xestia xanthographa", ""), ("Xestia baja", "")]


def test_a_species_that_was_given_to_what_a_table_had_as_a_genus_comes_back(
    made: Collection, again: Again, table: Callable[..., Path], tmp_path: Path
) -> None:
    again(table(scientificName=["Xestia", "Noctua"], taxonRank=["genus", "genus"]))
    first = next(iter(made.images()))
    made.determine(first.specimen_id, (*[""] * 6, "Xestia", "Xestia baja"), by="Ann")
    exported(made, tmp_path / "a.csv")
    again(tmp_path / "a.csv")
    assert [one.lineage[-2:] for one in made.images()] == [
        ("Xestia", "Xestia baja"),
        ("Noctua", ""),
    ]


def test_paths_lead_to_the_pictures_from_any_folder(
    made: Collection, again: Again, table: Callable[..., Path], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    again(table(species=list(NAMES)))
    monkeypatch.chdir(tmp_path)
    with Collection.open(Path("c")) as collection:
        rows = exported(collection, tmp_path / "elsewhere.csv")
    assert all(Path(row["path"]).is_absolute() and Path(row["path"]).is_file() for row in rows)


@pytest.mark.parametrize(
    "text", ["=1", "'=1", "''@a", "-a", "'-1", "-1", "-.5", "-1e-5", "'t", "'"]
)
def test_what_is_guarded_is_read_as_it_was(text: str) -> None:
    assert unguarded(str(guarded(text))) == text


def test_the_names_of_columns_are_guarded(
    made: Collection, again: Again, table: Callable[..., Path], tmp_path: Path
) -> None:
    again(table(**{"species": list(NAMES), "=1+1": ["a", "b", "c"]}))
    assert [row["'=1+1"] for row in exported(made, tmp_path / "a.csv")] == ["a", "b", "c"]
    again(tmp_path / "a.csv")
    assert {key for one in made.images() for key in one.metadata} >= {"=1+1"}
    assert "'=1+1" not in {key for one in made.images() for key in one.metadata}


def test_one_file_does_not_hold_images_and_determinations(
    made: Collection, again: Again, table: Callable[..., Path], tmp_path: Path, cli: Cli
) -> None:
    again(table(species=list(NAMES)))
    to = ("--out", tmp_path / "a.csv", "--determinations", tmp_path / "c" / ".." / "a.csv")
    code, _, err = cli("export", tmp_path / "c", *to, "--overwrite")
    assert (code, (tmp_path / "a.csv").exists()) == (2, False)
    assert "name two files" in " ".join(err.split())

"""Columns are what they are, in Darwin Core and in most spellings; what is not clear is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from holotype.index.errors import ManifestError, UsageError
from holotype.index.manifests.columns import column_names
from holotype.index.manifests.manifest import Manifest
from tests.conftest import Ask, Cli, Draw


def manifest(said: dict[str, str] | None = None, **columns: list[str] | str) -> Manifest:
    return of(columns, said)


def of(columns: Mapping[str, list[str] | str], said: dict[str, str] | None = None) -> Manifest:
    """A manifest of columns, whose names may hold spaces as `__`."""
    filled = {name: [one] if isinstance(one, str) else one for name, one in columns.items()}
    rows = max(map(len, filled.values()))
    filled.setdefault("path", [f"{number}.png" for number in range(rows)])
    frame = pd.DataFrame({name.replace("__", " "): one for name, one in filled.items()})
    return Manifest.from_pandas(frame, columns=said)


def notes(made: Manifest) -> str:
    return "; ".join(problem.message for problem in made.problems)


@pytest.mark.parametrize(
    "written",
    [
        *("scientificName", "ScientificName", "scientific_name", "scientific__name"),
        *("acceptedScientificName", "canonicalName", "taxonName", "Latin__name", "taxon"),
        *("label", "Label", "labels", "class", "name", "Species", "SPECIES__NAME"),
    ],
)
def test_names_are_found_whatever_their_column_is_called(written: str) -> None:
    made = of({written: ["Salmo trutta", "Esox lucius"]})
    assert made.frame["species"].tolist() == ["Salmo trutta", "Esox lucius"]
    own = written.replace("__", " ")
    assert own == "Species" or own.lower() in notes(made).lower()


@pytest.mark.parametrize(
    ("written", "column"),
    [
        *(("eventDate", "date"), ("decimalLatitude", "latitude"), ("DECIMALLATITUDE", "latitude")),
        *(("decimal_latitude", "latitude"), ("lat", "latitude"), ("lon", "longitude")),
        *(("institutionCode", "institution"), ("dcterms:license", "licence")),
        *(("rightsHolder", "rights_holder"), ("specimenID", "specimen_id")),
        *(("imageId", "image_id"), ("Decimal Longitude", "longitude")),
        ("http://rs.tdwg.org/dwc/terms/scientificName", "species"),
    ],
)  # fmt: skip
def test_terms_of_darwin_core_in_any_case_are_what_they_are(written: str, column: str) -> None:
    assert column_names(["path", written]) == ["path", column]


def test_a_term_gives_way_to_the_column_itself() -> None:
    made = manifest(
        species="Salmo trutta", scientificName="Salmo trutta L.", eventDate="1", date="2"
    )
    row = made.frame.iloc[0]
    assert (row["species"], row["scientificname"]) == ("Salmo trutta", "Salmo trutta L.")
    assert (row["date"], row["eventdate"]) == ("2", "1")


def test_an_empty_column_gives_way_to_one_that_is_not() -> None:
    made = manifest(species=["", ""], scientificName=["Salmo trutta", "Esox lucius"])
    assert made.frame["species"].tolist() == ["Salmo trutta", "Esox lucius"]


def test_genus_and_epithet_are_a_species() -> None:
    made = manifest(genus=["Salmo", "Esox", ""], specificEpithet=["trutta", "", "lucius"])
    assert made.frame["species"].tolist() == ["Salmo trutta", "", "? lucius"]  # the last is refused


def test_a_name_of_a_higher_rank_is_one_of_that_rank() -> None:
    made = manifest(
        scientificName=["Salmonidae", "Salmo Linnaeus, 1758", "Salmo trutta"],
        taxonRank=["FAMILY", "genus", "species"],
    )
    rows = made.frame[["family", "genus", "species"]].to_numpy().tolist()
    assert rows == [["Salmonidae", "", ""], ["", "Salmo", ""], ["", "", "Salmo trutta"]]


def test_two_columns_that_may_hold_the_names_are_asked_about() -> None:
    with pytest.raises(ManifestError, match="say which, such as --column species=label"):
        manifest(label="Salmo trutta", name="Esox lucius")
    made = manifest({"species": "name"}, label="Salmo trutta", name="Esox lucius")
    assert made.frame["species"].tolist() == ["Esox lucius"]
    made = manifest({"species": ""}, label="Salmo trutta", name="Esox lucius")
    assert made.frame[["species", "label"]].to_numpy().tolist() == [["", "Salmo trutta"]]


def test_a_label_that_is_no_name_is_kept_and_told_of() -> None:
    made = manifest(label=["trout", "pike"])
    assert made.frame["label"].tolist() == ["trout", "pike"]
    assert "no column names the species; 'label' (trout, pike) is kept" in notes(made)
    assert notes(manifest(label=["trout"], family=["Salmonidae"])) == ""


def test_a_column_of_names_in_another_language_is_told_of() -> None:
    made = manifest(
        beleg=["B 1", "B 2"], art=["Salmo trutta L.", "Esox lucius"], familie=["", "Esocidae"]
    )
    assert "'art' (Salmo trutta L., Esox lucius) is kept as your own column" in notes(made)
    assert "say --column species=art" in notes(made)
    assert (
        notes(manifest(fund=["Wiese am Waldrand hinter dem Haus", "Unter Steinen am Bach"])) == ""
    )
    assert notes(manifest(art=["Salmo trutta"], family=["Salmonidae"])) == ""


def test_the_column_of_pictures_is_found_by_what_is_in_it(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("Beleg;Datei;Art\n1;Bilder/a.JPG;Salmo trutta\n2;Bilder/b.tif;Esox lucius\n")
    with pytest.raises(ManifestError, match=r"did you mean 'datei'\? Say --column path=datei"):
        Manifest.read(table)


def test_numbers_are_no_names_of_taxa() -> None:
    made = of({"class": ["0", "1"], "species": ["Salmo trutta", "Esox lucius"]})
    assert made.frame[["class", "class_number"]].to_numpy().tolist() == [["", "0"], ["", "1"]]
    assert "holds numbers and no names of taxa" in notes(made)


def test_specimens_are_those_of_the_catalogue() -> None:
    made = manifest(catalogNumber=["17", "17", ""], species=["Salmo trutta"] * 3)
    assert made.frame["specimen_id"].tolist() == ["17", "17", "2.png"]
    assert made.frame["catalognumber"].tolist() == ["17", "17", ""]


def test_a_slip_in_a_column_s_name_is_told_of() -> None:
    assert "did you mean 'latitude'?" in notes(manifest(latitide="1"))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("path,license,Licence", r"two columns 'licence' \(license, Licence\); rename one"),
        ("path,Latitude,latitude", r"two columns 'latitude' \(Latitude, latitude\)"),
        ("image,species", "did you mean 'image'. Say --column path=image"),
        ("pth,species", "did you mean 'pth'"),
        ("b.jpg,Salmo trutta", r"has no header \(its first row is b\.jpg, salmo trutta\)"),
        ("x,species", "name the column with the picture files 'path'"),
    ],
)
def test_a_header_that_is_not_clear_is_asked_about(tmp_path: Path, header: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(f"{header}\na.png,1,2\n")
    with pytest.raises(ManifestError, match=said):
        Manifest.read(tmp_path / "t.csv")


def test_columns_are_named_on_the_command_line(
    tmp_path: Path, draw: Draw, tiny_folder: Path, ask: Ask, cli: Cli
) -> None:
    draw(tmp_path / "1.png", 1)
    (tmp_path / "t.csv").write_text("image,art\n1.png,Salmo trutta\n")
    command = ("ingest", tmp_path / "t.csv", "--encoder", f"checkpoint:{tiny_folder}", "--to")
    names = ("--column", "path=image", "--column", "species=art")
    assert ask(*command, tmp_path / "c", *names)["embedded"] == 1
    assert ask("collection", "info", tmp_path / "c")["specimens"] == 1
    for wrong, said in (
        ("species", "write it as"),
        ("x=art", "none of"),
        ("date=y", "no column 'y'"),
    ):
        code, _, err = cli(*command, tmp_path / "d", "--column", "path=image", "--column", wrong)
        assert code == 2
        assert said in " ".join(err.split())


def test_the_user_s_word_is_checked() -> None:
    with pytest.raises(UsageError, match="the table has no column 'x'"):
        column_names(["path"], {"species": "x"})

"""Determinations as Darwin Core, read back by pandas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from holotype.index.collection import Collection
from holotype.index.export.determinations import COLUMNS, export_determinations
from tests.conftest import Cli

BAJA = ("Moth", "", "", "", "", "Noctuidae", "Xestia", "Xestia baja")


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_the_whole_history_says_which_determination_counts(
    collection: Collection, tmp_path: Path
) -> None:
    specimen = "Xestia_c-nigrum_1"
    first = collection.determine(specimen, BAJA, by="Ann", qualifier="cf.", remarks="worn")
    taken = collection.determine(specimen, BAJA, by="Bob, the 2nd")
    undo = collection.undo(taken, by="Ann", remarks="too hasty")
    guess = collection.determine(specimen, BAJA, by="net", origin="machine")
    count = export_determinations(collection, tmp_path / "d.csv")
    table = read(tmp_path / "d.csv")
    assert tuple(table.columns) == COLUMNS
    assert len(table) == count == len(collection.history()) - 1  # an undo is no identification
    assert str(undo) not in set(table["identificationID"])
    own = table[table["occurrenceID"] == specimen].set_index("identificationID")
    status = own["identificationVerificationStatus"]
    assert status.tolist() == ["superseded", "accepted", "withdrawn", "unverified"]
    assert own.loc[str(first), "identificationQualifier"] == "cf."
    assert own.loc[
        str(first), ["scientificName", "taxonRank", "family", "identifiedBy"]
    ].tolist() == [
        "Xestia baja",
        "species",
        "Noctuidae",
        "Ann",
    ]
    assert "withdrawn by Ann on 20" in own.loc[str(taken), "identificationRemarks"]
    assert own.loc[str(taken), "identificationRemarks"].endswith(": too hasty")
    assert own.loc[str(guess), "identifiedBy"] == "net"
    assert own["dateIdentified"].str.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d").all()
    counted = table[table["identificationVerificationStatus"] == "accepted"]
    assert counted["occurrenceID"].is_unique


def test_a_determination_whose_undo_was_undone_counts_again(
    collection: Collection, tmp_path: Path
) -> None:
    named = collection.determine("Xestia_c-nigrum_1", BAJA, by="Ann")
    collection.undo(collection.undo(named, by="Bob"), by="Cid")
    export_determinations(collection, tmp_path / "d.csv")
    table = read(tmp_path / "d.csv").set_index("identificationID")
    assert table.loc[str(named), "identificationVerificationStatus"] == "accepted"
    assert "withdrawn by Bob" in table.loc[str(named), "identificationRemarks"]
    assert "restored by Cid" in table.loc[str(named), "identificationRemarks"]


def test_commas_quotes_line_breaks_and_formulas_are_text(
    collection: Collection, tmp_path: Path
) -> None:
    by, why = 'Ann "the net", O\'Hara\nJr', "=HYPERLINK(1)"
    named = collection.determine("Xestia_c-nigrum_1", BAJA, by=by, remarks=why)
    nameless = collection.determine("Xestia_c-nigrum_1", ("",) * 8, by="@SUM(1)")
    export_determinations(collection, tmp_path / "d.csv")
    table = read(tmp_path / "d.csv").set_index("identificationID")
    assert table.loc[str(named), "identifiedBy"] == by
    assert table.loc[str(named), "identificationRemarks"] == f"'{why}"
    assert table.loc[str(nameless), "identifiedBy"] == "'@SUM(1)"
    assert table.loc[str(nameless), "scientificName"] == ""


def test_the_command_line(cli: Cli, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    assert cli("export", folder, "--determinations", path)[:2] == (
        0,
        f"Wrote 20 determinations to {path}.\n",
    )
    code, _, said = cli("export", folder, "--determinations", path)
    assert code == 2
    assert "--overwrite" in said
    assert cli("export", folder, "--determinations", path, "--overwrite")[0] == 0
    code, _, said = cli("export", folder)
    assert code == 2
    assert "--determinations" in said
    assert cli("export", folder, "--determinations", tmp_path / "d.xlsx")[0] == 2

"""Determinations as Darwin Core, read back by pandas."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd

from holotype.index.collection import Collection
from holotype.index.export.determinations import COLUMNS, export_determinations
from tests.conftest import Cli

BAJA = ("Moth", "", "", "", "", "Noctuidae", "Xestia", "Xestia baja")


def read(path: Path) -> dict[str, dict[str, str]]:
    """The rows by the number of the determination."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert tuple(table.columns) == COLUMNS
    rows = [dict(zip(COLUMNS, map(str, row), strict=True)) for row in table.to_numpy()]
    return {row["identificationID"]: row for row in rows}


def test_the_whole_history_says_which_determination_counts(
    collection: Collection, tmp_path: Path
) -> None:
    specimen = "Xestia_c-nigrum_1"
    first = collection.determine(specimen, BAJA, by="Ann", qualifier="cf.", remarks="worn")
    taken = collection.determine(specimen, BAJA, by="Bob, the 2nd")
    undo = collection.undo(taken, by="Ann", remarks="too hasty")
    guess = collection.determine(specimen, BAJA, by="net", origin="machine")
    count = export_determinations(collection, tmp_path / "d.csv")
    rows = read(tmp_path / "d.csv")
    assert len(rows) == count == len(collection.history()) - 1  # an undo is no identification
    assert str(undo) not in rows
    own = [row for row in rows.values() if row["occurrenceID"] == specimen]
    status = [row["identificationVerificationStatus"] for row in own]
    assert status == ["superseded", "accepted", "withdrawn", "unverified"]
    named = rows[str(first)]
    assert (named["scientificName"], named["taxonRank"], named["family"]) == (
        *("Xestia baja", "species"),
        "Noctuidae",
    )
    assert (named["identificationQualifier"], named["identifiedBy"]) == ("cf.", "Ann")
    assert "withdrawn by Ann on 20" in rows[str(taken)]["identificationRemarks"]
    assert rows[str(taken)]["identificationRemarks"].endswith(": too hasty")
    assert rows[str(guess)]["identifiedBy"] == "net"
    assert all(datetime.fromisoformat(row["dateIdentified"]).tzinfo for row in own[1:])
    assert (own[0]["identifiedBy"], own[0]["dateIdentified"]) == ("", "")  # nobody named it then
    assert own[0]["identificationRemarks"].startswith("by a table that was ingested on 20")
    counted = [
        row["occurrenceID"]
        for row in rows.values()
        if row["identificationVerificationStatus"] == "accepted"
    ]
    assert len(counted) == len(set(counted)) == 20


def test_a_determination_whose_undo_was_undone_counts_again(
    collection: Collection, tmp_path: Path
) -> None:
    named = collection.determine("Xestia_c-nigrum_1", BAJA, by="Ann")
    collection.undo(collection.undo(named, by="Bob"), by="Cid")
    export_determinations(collection, tmp_path / "d.csv")
    rows = read(tmp_path / "d.csv")
    assert rows[str(named)]["identificationVerificationStatus"] == "accepted"
    assert "withdrawn by Bob" in rows[str(named)]["identificationRemarks"]
    assert "restored by Cid" in rows[str(named)]["identificationRemarks"]


def test_commas_quotes_line_breaks_and_formulas_are_text(
    collection: Collection, tmp_path: Path
) -> None:
    by, why = 'Ann "the net", O\'Hara\nJr', "=HYPERLINK(1)"
    named = collection.determine("Xestia_c-nigrum_1", BAJA, by=by, remarks=why)
    nameless = collection.determine("Xestia_c-nigrum_1", ("",) * 8, by="@SUM(1)")
    export_determinations(collection, tmp_path / "d.csv")
    rows = read(tmp_path / "d.csv")
    assert rows[str(named)]["identifiedBy"] == by
    assert rows[str(named)]["identificationRemarks"] == f"'{why}"
    assert rows[str(nameless)]["identifiedBy"] == "'@SUM(1)"
    assert rows[str(nameless)]["scientificName"] == ""


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

"""Where nothing says which pictures show one specimen, ingest and the figures say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Ask, Cli, Draw

NOTE = "nothing says which pictures show one specimen"
ALONE = "No picture has a specimen_id, so each counts as a specimen of its own"


@pytest.fixture
def pictures(tmp_path: Path, draw: Draw) -> Path:
    for number in range(8):
        draw(tmp_path / f"Xestia {'ab'[number % 2]}aja" / f"{number}.png", number)
    return tmp_path


@pytest.mark.parametrize("told", [False, True])
def test_it_is_told_at_ingest_and_beside_the_figures(
    pictures: Path, tiny_folder: Path, ask: Ask, cli: Cli, told: bool
) -> None:
    table = pictures / "t.csv"
    rows = [
        f"Xestia {'ab'[n % 2]}aja/{n}.png,Xestia {'ab'[n % 2]}aja,{f'S{n}' if told else ''}"
        for n in range(8)
    ]
    table.write_text("\n".join(["path,species,specimen_id", *rows]))
    to = pictures / "c"
    command = ("ingest", table, "--to", to, "--encoder", f"checkpoint:{tiny_folder}")
    for again in (False, True):
        said = [one["message"] for one in ask(*command)["problems"]]
        assert any(NOTE in message for message in said) == (not told and not again)
    _, out, _ = cli("eval", to, "--out", pictures / "report")
    page = (pictures / "report" / "report.html").read_text("utf-8")
    figures = json.loads((pictures / "report" / "report.json").read_text("utf-8"))
    for shown in (out, page, figures["summary"]):
        assert (ALONE in shown) == (not told)


def test_what_is_left_out_and_stored_before_is_counted(
    pictures: Path, tiny_folder: Path, ask: Ask, cli: Cli
) -> None:
    table = pictures / "t.csv"
    first = "Xestia aaja/0.png,Xestia aaja,S\nXestia baja/1.png,Xestia baja,S\n"
    table.write_text(f"path,art,specimen_id\n{first}")
    command = ("ingest", table, "--to", pictures / "c", "--encoder", f"checkpoint:{tiny_folder}")
    assert ask(*command)["embedded"] == 2
    table.write_text(f"path,art,specimen_id\n{first}Xestia baja/3.png,Xestia baja,S\n")
    report = ask(*command, "--column", "species=art")
    assert (report["unchanged"], report["left_out"], report["left_as_stored"]) == (1, 2, 1)
    _, out, _ = cli(*command, "--column", "species=art")
    assert ", 1 of these pictures stay as they were stored before." in " ".join(out.split())

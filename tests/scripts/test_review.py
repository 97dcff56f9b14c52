"""`holotype review`: queues shown and decided about on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from holotype.index.collection import Collection
from tests.conftest import Cli

WRONG = "Xestia_baja_1"
NUPTA = ("Moth", "", "", "", "", "Erebidae", "Catocala", "Catocala nupta")


@pytest.fixture
def mistaken(folder: Path) -> Path:
    with Collection.open(folder) as opened:
        opened.determine(WRONG, NUPTA, by="manifest", origin="import")
    return folder


def test_a_queue_is_shown_and_as_json_and_as_a_picture(
    cli: Cli, mistaken: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.png"
    code, shown, said = cli("review", mistaken, "--limit", "1", "--sheet", sheet)
    assert code == 0
    assert shown.splitlines()[:2] == [f"   1  {WRONG}", "      Catocala nupta -> Xestia baja?"]
    assert "in the queue 'mislabels', space 'base'." in said
    assert Image.open(sheet).size[0] > 900
    code, told, _ = cli("review", mistaken, "--json")
    page = json.loads(told)
    assert code == 0
    assert set(page) == {"queue", "space", "total", "offset", "entries", "left_out"}
    assert page["entries"][0]["proposed"]["species"] == "Xestia baja"
    for queue in ("duplicates", "far", "singletons"):
        assert cli("review", mistaken, "--queue", queue)[0] == 0


def test_decisions_are_determinations(cli: Cli, mistaken: Path) -> None:
    decide = ("review", mistaken, "--specimen", WRONG, "--by", "Ann", "--why", "seen")
    code, told, _ = cli(*decide, "--accept")
    assert code == 0
    assert told.startswith(f"{WRONG}: Catocala nupta -> Xestia baja (determination ")
    assert json.loads(cli(*decide, "--dismiss", "--json")[1])[0]["after"] == "Xestia baja"
    told = cli(*decide, "--correct", "Xestia c-nigrum")[1]
    assert told.startswith(f"{WRONG}: Xestia baja -> Xestia c-nigrum")
    code, told, _ = cli(*decide, "--specimen", "nobody", "--correct", "Xestia baja")
    assert (code, told) == (2, "")  # and nothing of the first
    assert cli(*decide, "--specimen", WRONG, "--dismiss")[1].count("confirmed") == 1
    with Collection.open(mistaken) as opened:
        assert [event.determined_by for event in opened.history(WRONG)[-4:]] == ["Ann"] * 4
        assert opened.history(WRONG)[-1].after == "Xestia c-nigrum"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--queue", "wrong"), "There is no queue 'wrong'"),
        (("--specimen", WRONG), "Give --specimen with one of"),
        (("--accept",), "Give --specimen with one of"),
        (("--specimen", WRONG, "--accept", "--dismiss"), "Give --specimen with one of"),
        (("--specimen", "nobody", "--dismiss"), "no specimen 'nobody'"),
        (("--sheet", "sheet.txt"), "ends in .png"),
        (("--limit", "0"), "limit is 0"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(
    cli: Cli, folder: Path, options: tuple[str, ...], told: str
) -> None:
    code, shown, said = cli("review", folder, *options)
    assert (code != 0, shown) == (True, "")
    assert told in said.replace("\n", " ")
